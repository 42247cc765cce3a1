package dev.tautline.sctp.association;

import dev.tautline.sctp.rx.DataReceiver;
import dev.tautline.sctp.tx.DataSender;
import java.util.EnumSet;
import java.util.Set;

/** The transmission control block, RFC 9260 section 14: what exists once the peer is known. */
final class Tcb {
  private final int localTag;
  private int peerTag;
  private int outgoingStreams;
  private int incomingStreams;
  private final Set<Extension> extensions;
  private final DataSender sender;
  private final DataReceiver receiver;
  private final Heartbeats heartbeats;
  private final StreamResets streamResets;

  /** The association's error counter, RFC 9260 section 8.1. */
  private int errors;

  Tcb(
      int localTag,
      int peerTag,
      int outgoingStreams,
      int incomingStreams,
      Set<Extension> extensions,
      DataSender sender,
      DataReceiver receiver,
      Heartbeats heartbeats,
      StreamResets streamResets) {
    this.localTag = localTag;
    this.peerTag = peerTag;
    this.outgoingStreams = outgoingStreams;
    this.incomingStreams = incomingStreams;
    this.extensions = EnumSet.noneOf(Extension.class);
    this.extensions.addAll(extensions);
    this.sender = sender;
    this.receiver = receiver;
    this.heartbeats = heartbeats;
    this.streamResets = streamResets;
  }

  int localTag() {
    return localTag;
  }

  int peerTag() {
    return peerTag;
  }

  /** A collision ended with another tag of the peer, RFC 9260 section 5.2.4 case B. */
  void setPeerTag(int tag) {
    peerTag = tag;
  }

  int outgoingStreams() {
    return outgoingStreams;
  }

  int incomingStreams() {
    return incomingStreams;
  }

  /** RFC 6525 sections 5.2.5 and 5.2.6 added some. */
  void setStreams(int outgoing, int incoming) {
    outgoingStreams = outgoing;
    incomingStreams = incoming;
  }

  boolean has(Extension extension) {
    return extensions.contains(extension);
  }

  /** The peer used it: it has it, whatever its INIT said. */
  void learn(Extension extension) {
    extensions.add(extension);
  }

  DataSender sender() {
    return sender;
  }

  DataReceiver receiver() {
    return receiver;
  }

  Heartbeats heartbeats() {
    return heartbeats;
  }

  StreamResets streamResets() {
    return streamResets;
  }

  int countError() {
    return ++errors;
  }

  void clearErrors() {
    errors = 0;
  }
}
