// A peer on pion: a line of JSON in for each command, a line out for each reply and event.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"sync"

	"github.com/pion/webrtc/v3"
)

type object map[string]interface{}

var output sync.Mutex

func emit(line object) {
	text, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	output.Lock()
	defer output.Unlock()
	os.Stdout.Write(append(text, '\n'))
}

// The arguments of all commands.
type command struct {
	ID               int64   `json:"id"`
	Op               string  `json:"op"`
	Label            string  `json:"label"`
	SDP              string  `json:"sdp"`
	Text             *string `json:"text"`
	Base64           *string `json:"base64"`
	Candidate        string  `json:"candidate"`
	SDPMid           *string `json:"sdpMid"`
	SDPMLineIndex    *uint16 `json:"sdpMLineIndex"`
	UsernameFragment *string `json:"usernameFragment"`
	Options          struct {
		Ordered           *bool   `json:"ordered"`
		MaxRetransmits    *uint16 `json:"maxRetransmits"`
		MaxPacketLifeTime *uint16 `json:"maxPacketLifeTime"`
		Protocol          *string `json:"protocol"`
		Negotiated        *bool   `json:"negotiated"`
		ID                *uint16 `json:"id"`
	} `json:"options"`
}

type peer struct {
	pc       *webrtc.PeerConnection
	mutex    sync.Mutex
	channels map[string]*webrtc.DataChannel
	echoes   map[string]bool
}

func describe(dc *webrtc.DataChannel) object {
	return object{
		"label":             dc.Label(),
		"protocol":          dc.Protocol(),
		"id":                dc.ID(),
		"ordered":           dc.Ordered(),
		"maxRetransmits":    dc.MaxRetransmits(),
		"maxPacketLifeTime": dc.MaxPacketLifeTime(),
		"negotiated":        dc.Negotiated(),
		"readyState":        dc.ReadyState().String(),
		"bufferedAmount":    dc.BufferedAmount(),
	}
}

func (p *peer) add(dc *webrtc.DataChannel) {
	label := dc.Label()
	p.mutex.Lock()
	p.channels[label] = dc
	p.mutex.Unlock()
	dc.OnOpen(func() { emit(object{"event": "open", "label": label, "channel": describe(dc)}) })
	dc.OnClose(func() { emit(object{"event": "close", "label": label}) })
	dc.OnError(func(err error) { emit(object{"event": "error", "label": label, "text": err.Error()}) })
	dc.OnMessage(func(message webrtc.DataChannelMessage) {
		p.mutex.Lock()
		echo := p.echoes[label]
		p.mutex.Unlock()
		switch {
		case echo && message.IsString:
			report(label, dc.SendText(string(message.Data)))
		case echo:
			report(label, dc.Send(message.Data))
		case message.IsString:
			emit(object{"event": "message", "label": label, "text": string(message.Data)})
		default:
			text := base64.StdEncoding.EncodeToString(message.Data)
			emit(object{"event": "message", "label": label, "base64": text})
		}
	})
}

func report(label string, err error) {
	if err != nil {
		emit(object{"event": "error", "label": label, "text": err.Error()})
	}
}

func (p *peer) channel(label string) (*webrtc.DataChannel, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if dc, ok := p.channels[label]; ok {
		return dc, nil
	}
	return nil, errors.New("no channel \"" + label + "\"")
}

func (p *peer) create() error {
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return err
	}
	p.pc = pc
	pc.OnICECandidate(func(candidate *webrtc.ICECandidate) {
		line := object{
			"event": "candidate", "candidate": "", "sdpMid": nil, "sdpMLineIndex": nil,
			"usernameFragment": nil,
		}
		if candidate != nil {
			init := candidate.ToJSON()
			line["candidate"] = init.Candidate
			line["sdpMid"] = init.SDPMid
			line["sdpMLineIndex"] = init.SDPMLineIndex
		}
		emit(line)
	})
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		emit(object{"event": "connection", "state": state.String()})
	})
	pc.OnDataChannel(func(dc *webrtc.DataChannel) {
		emit(object{"event": "channel", "label": dc.Label(), "channel": describe(dc)})
		p.add(dc)
	})
	return nil
}

func (p *peer) describeLocally(kind webrtc.SDPType) (object, error) {
	var description webrtc.SessionDescription
	var err error
	if kind == webrtc.SDPTypeOffer {
		description, err = p.pc.CreateOffer(nil)
	} else {
		description, err = p.pc.CreateAnswer(nil)
	}
	if err != nil {
		return nil, err
	}
	if err := p.pc.SetLocalDescription(description); err != nil {
		return nil, err
	}
	return object{"sdp": p.pc.LocalDescription().SDP}, nil
}

func (p *peer) take(kind webrtc.SDPType, sdp string) error {
	return p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: kind, SDP: sdp})
}

func (p *peer) send(c command) error {
	dc, err := p.channel(c.Label)
	if err != nil {
		return err
	}
	if c.Base64 == nil {
		return dc.SendText(*c.Text)
	}
	bytes, err := base64.StdEncoding.DecodeString(*c.Base64)
	if err != nil {
		return err
	}
	return dc.Send(bytes)
}

func (p *peer) run(c command) (object, error) {
	switch c.Op {
	case "create":
		return nil, p.create()
	case "channel":
		dc, err := p.pc.CreateDataChannel(c.Label, &webrtc.DataChannelInit{
			Ordered:           c.Options.Ordered,
			MaxRetransmits:    c.Options.MaxRetransmits,
			MaxPacketLifeTime: c.Options.MaxPacketLifeTime,
			Protocol:          c.Options.Protocol,
			Negotiated:        c.Options.Negotiated,
			ID:                c.Options.ID,
		})
		if err != nil {
			return nil, err
		}
		p.add(dc)
		return nil, nil
	case "offer":
		return p.describeLocally(webrtc.SDPTypeOffer)
	case "answer":
		if err := p.take(webrtc.SDPTypeOffer, c.SDP); err != nil {
			return nil, err
		}
		return p.describeLocally(webrtc.SDPTypeAnswer)
	case "accept":
		return nil, p.take(webrtc.SDPTypeAnswer, c.SDP)
	case "candidate":
		return nil, p.pc.AddICECandidate(webrtc.ICECandidateInit{
			Candidate:        c.Candidate,
			SDPMid:           c.SDPMid,
			SDPMLineIndex:    c.SDPMLineIndex,
			UsernameFragment: c.UsernameFragment,
		})
	case "send":
		return nil, p.send(c)
	case "echo":
		p.mutex.Lock()
		p.echoes[c.Label] = true
		p.mutex.Unlock()
		return nil, nil
	case "closeChannel":
		dc, err := p.channel(c.Label)
		if err != nil {
			return nil, err
		}
		return nil, dc.Close()
	case "close":
		return nil, p.pc.Close()
	case "state":
		channels := []object{}
		p.mutex.Lock()
		for _, dc := range p.channels {
			channels = append(channels, describe(dc))
		}
		p.mutex.Unlock()
		return object{
			"connection": p.pc.ConnectionState().String(),
			"ice":        p.pc.ICEConnectionState().String(),
			"signaling":  p.pc.SignalingState().String(),
			"channels":   channels,
		}, nil
	}
	return nil, errors.New("no operation \"" + c.Op + "\"")
}

func main() {
	p := &peer{channels: map[string]*webrtc.DataChannel{}, echoes: map[string]bool{}}
	emit(object{"event": "ready"})
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var c command
		var result object
		if err = json.Unmarshal(line, &c); err == nil {
			result, err = p.run(c)
		}
		if err != nil {
			emit(object{"re": c.ID, "error": err.Error()})
		} else {
			emit(object{"re": c.ID, "result": result})
		}
	}
}
