"""A peer on aiortc: a line of JSON in for each command, a line out for each reply and event."""

import asyncio
import base64
import json
import sys
import traceback

from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.sdp import candidate_from_sdp


def emit(**line):
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


class Peer:
    def __init__(self):
        self.pc = None
        self.channels = {}
        self.echoes = set()

    def describe(self, dc):
        return {
            "label": dc.label,
            "protocol": dc.protocol,
            "id": dc.id,
            "ordered": dc.ordered,
            "maxRetransmits": dc.maxRetransmits,
            "maxPacketLifeTime": dc.maxPacketLifeTime,
            "negotiated": dc.negotiated,
            "readyState": dc.readyState,
            "bufferedAmount": dc.bufferedAmount,
        }

    def add(self, dc):
        label = dc.label
        self.channels[label] = dc

        @dc.on("open")
        def on_open():
            emit(event="open", label=label, channel=self.describe(dc))

        @dc.on("close")
        def on_close():
            emit(event="close", label=label)

        @dc.on("message")
        def on_message(data):
            if label in self.echoes:
                dc.send(data)
            elif isinstance(data, str):
                emit(event="message", label=label, text=data)
            else:
                emit(event="message", label=label, base64=base64.b64encode(data).decode())

        if dc.readyState == "open":
            on_open()

    async def create(self):
        self.pc = RTCPeerConnection()

        @self.pc.on("datachannel")
        def on_datachannel(dc):
            emit(event="channel", label=dc.label, channel=self.describe(dc))
            self.add(dc)

        @self.pc.on("connectionstatechange")
        def on_state():
            emit(event="connection", state=self.pc.connectionState)

    async def channel(self, label, options=None):
        self.add(self.pc.createDataChannel(label, **(options or {})))

    async def offer(self):
        await self.pc.setLocalDescription(await self.pc.createOffer())
        return {"sdp": self.pc.localDescription.sdp}

    async def answer(self, sdp):
        await self.pc.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        await self.pc.setLocalDescription(await self.pc.createAnswer())
        return {"sdp": self.pc.localDescription.sdp}

    async def accept(self, sdp):
        await self.pc.setRemoteDescription(RTCSessionDescription(sdp, "answer"))

    async def candidate(self, candidate, sdpMid=None, sdpMLineIndex=None, usernameFragment=None):
        if not candidate:
            await self.pc.addIceCandidate(None)
            return
        parsed = candidate_from_sdp(candidate.removeprefix("candidate:"))
        parsed.sdpMid = sdpMid
        parsed.sdpMLineIndex = sdpMLineIndex
        await self.pc.addIceCandidate(parsed)

    async def send(self, label, text=None, base64=None):
        self.channels[label].send(text if base64 is None else decode(base64))

    async def echo(self, label):
        self.echoes.add(label)

    async def closeChannel(self, label):
        self.channels[label].close()

    async def close(self):
        await self.pc.close()

    async def state(self):
        return {
            "connection": self.pc.connectionState,
            "ice": self.pc.iceConnectionState,
            "signaling": self.pc.signalingState,
            "channels": [self.describe(dc) for dc in self.channels.values()],
        }


def decode(text):
    return base64.b64decode(text)


async def main():
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=64 * 1024 * 1024)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    peer = Peer()
    emit(event="ready")
    while line := await reader.readline():
        command = json.loads(line)
        number = command.pop("id")
        try:
            operation = getattr(peer, command.pop("op"))
            emit(re=number, result=await operation(**command))
        except Exception:
            emit(re=number, error=traceback.format_exc())


asyncio.run(main())
