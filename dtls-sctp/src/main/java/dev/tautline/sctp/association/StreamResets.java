package dev.tautline.sctp.association;

import dev.tautline.base.Timer;
import dev.tautline.sctp.AssociationEvent;
import dev.tautline.sctp.packet.ReconfigChunk;
import dev.tautline.sctp.packet.ReconfigParameter;
import dev.tautline.sctp.packet.ReconfigParameter.AddStreams;
import dev.tautline.sctp.packet.ReconfigParameter.IncomingReset;
import dev.tautline.sctp.packet.ReconfigParameter.OutgoingReset;
import dev.tautline.sctp.packet.ReconfigParameter.Request;
import dev.tautline.sctp.packet.ReconfigParameter.Response;
import dev.tautline.sctp.packet.ReconfigParameter.TsnReset;
import dev.tautline.sctp.rx.DataReceiver;
import dev.tautline.sctp.tx.DataSender;
import dev.tautline.sctp.tx.RetransmissionTimeout;
import dev.tautline.sctp.tx.SendQueue.ResetOutcome;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Stream reset in both directions, and streams added at the peer's wish, RFC 6525. */
final class StreamResets {
  /** As many streams as fit one request in the smallest packet. */
  private static final int MAX_STREAMS_PER_REQUEST = 200;

  /** Response sequence number of a request that answers none: the one before the peer's first. */
  private static final int NO_RESULT = -1;

  /** Asked again after "in progress" no sooner than this. */
  private static final long SHORTEST_RETRY_NANOS = 50_000_000;

  /** Unanswered so often, a request fails: the peer may not know what it is. */
  private static final int MAX_RETRANSMITS = 20;

  private final Context context;
  private final RetransmissionTimeout rto;
  private final DataSender sender;
  private final DataReceiver receiver;
  private int outgoingStreams;
  private int incomingStreams;

  /** How many more streams of ours the peer has asked for; our own request says so. */
  private int streamsToAdd;

  private int nextRequestSequence;
  private @Nullable Request pending;
  private @Nullable Timer timer;

  /** Whether the peer ever answered a request: it knows what one is. */
  private boolean answered;

  private int lastPeerSequence;
  private int lastResult = NO_RESULT;

  StreamResets(
      Context context,
      RetransmissionTimeout rto,
      DataSender sender,
      DataReceiver receiver,
      int outgoingStreams,
      int incomingStreams,
      int initialTsn,
      int peersInitialTsn) {
    this.context = context;
    this.rto = rto;
    this.sender = sender;
    this.receiver = receiver;
    this.outgoingStreams = outgoingStreams;
    this.incomingStreams = incomingStreams;
    // RFC 6525 section 4.1: "initialized to … the initial TSN".
    this.nextRequestSequence = initialTsn;
    this.lastPeerSequence = peersInitialTsn - 1;
  }

  /** Sends a request when streams that wait for it are drained and none is under way. */
  void progress() {
    if (pending != null) {
      return;
    }
    if (streamsToAdd > 0) {
      send(new AddStreams(AddStreams.Direction.OUTGOING, nextRequestSequence++, streamsToAdd));
      streamsToAdd = 0;
      return;
    }
    List<Integer> streamIds = sender.queue().drainedForReset(MAX_STREAMS_PER_REQUEST);
    if (streamIds.isEmpty()) {
      return;
    }
    send(
        new OutgoingReset(
            nextRequestSequence++, lastPeerSequence, sender.nextTsn() - 1, streamIds));
  }

  private void send(Request request) {
    pending = request;
    timer = context.backingOffTimer(rto.rtoNanos());
    context.outbox().send(new ReconfigChunk(List.of(request)));
  }

  /** The peer does not know RE-CONFIG: whatever waits for a reset fails. */
  void failAll() {
    List<Integer> streamIds = sender.queue().drainedForReset(Integer.MAX_VALUE);
    if (!streamIds.isEmpty()) {
      sender.queue().endReset(streamIds, ResetOutcome.REFUSED);
      context.emit(
          new AssociationEvent.StreamsResetFailed(streamIds, "the peer cannot reset streams"));
    }
  }

  long deadlineNanos() {
    return timer == null ? Timer.NOT_RUNNING : timer.deadlineNanos();
  }

  /** Sends the request again when it is time. */
  void advanceTo() {
    if (timer != null && pending != null && timer.expire(context.now())) {
      if (!answered && timer.expirations() > MAX_RETRANSMITS) {
        refused(pending, "the peer does not answer requests to reset streams");
        return;
      }
      // With the same number, RFC 6525 section 5.1.1, also after "in progress".
      context.outbox().send(new ReconfigChunk(List.of(pending)));
    }
  }

  void received(ReconfigChunk chunk) {
    var responses = new ArrayList<ReconfigParameter>(2);
    for (ReconfigParameter parameter : chunk.parameters()) {
      if (parameter instanceof Response response) {
        responded(response);
      } else if (parameter instanceof Request request) {
        responses.add(Response.of(request.requestSequence(), answer(request)));
      }
    }
    if (!responses.isEmpty()) {
      context.outbox().send(new ReconfigChunk(responses));
    }
  }

  private int answer(Request request) {
    int sequence = request.requestSequence();
    if (sequence == lastPeerSequence && lastResult != NO_RESULT) {
      // Section 5.2.1: a repeated request gets its answer again; one that was put off is judged
      // anew.
      if (lastResult == Response.IN_PROGRESS) {
        lastResult = perform(request);
      }
      return lastResult;
    }
    if (sequence != lastPeerSequence + 1) {
      return Response.BAD_SEQUENCE_NUMBER;
    }
    lastPeerSequence = sequence;
    lastResult = perform(request);
    return lastResult;
  }

  private int perform(Request request) {
    if (request instanceof OutgoingReset reset) {
      return performOutgoing(reset);
    }
    if (request instanceof IncomingReset reset) {
      return performIncoming(reset);
    }
    if (request instanceof AddStreams add) {
      return add.direction() == AddStreams.Direction.OUTGOING
          ? addIncoming(add.newStreams())
          : addOutgoing(add.newStreams());
    }
    if (request instanceof TsnReset) {
      // Data channels never need it, and it would lose what is under way.
      return Response.DENIED;
    }
    throw new IllegalStateException("a kind of request that is not handled: " + request);
  }

  /** Section 5.2.5: the peer wants to send on more streams. */
  private int addIncoming(int count) {
    if (count == 0) {
      return Response.NOTHING_TO_DO;
    }
    if (incomingStreams + count > context.options().incomingStreams()) {
      return Response.DENIED;
    }
    incomingStreams += count;
    receiver.setStreams(incomingStreams);
    streamsAdded();
    return Response.PERFORMED;
  }

  /** Section 5.2.6: the peer wants us to have more streams; our own request follows. */
  private int addOutgoing(int count) {
    if (count == 0) {
      return Response.NOTHING_TO_DO;
    }
    if (streamsToAdd > 0 || pending instanceof AddStreams) {
      return Response.REQUEST_ALREADY_IN_PROGRESS;
    }
    if (outgoingStreams + count > context.options().outgoingStreams()) {
      return Response.DENIED;
    }
    streamsToAdd = count;
    return Response.PERFORMED;
  }

  private void streamsAdded() {
    Tcb tcb = context.tcb();
    if (tcb != null) {
      tcb.setStreams(outgoingStreams, incomingStreams);
      context.emit(new AssociationEvent.StreamsAdded(outgoingStreams, incomingStreams));
    }
  }

  private int performOutgoing(OutgoingReset reset) {
    for (int streamId : reset.streamIds()) {
      if (streamId >= incomingStreams) {
        return Response.WRONG_SSN;
      }
    }
    // Section 5.2.2: only once all data that was sent before it is here.
    if (!receiver.hasAllUpTo(reset.lastTsn())) {
      return Response.IN_PROGRESS;
    }
    if (!context.takesReset()) {
      // The user has not taken the events of those before: the peer asks again.
      return Response.IN_PROGRESS;
    }
    receiver.resetStreams(reset.lastTsn(), reset.streamIds());
    // To the user the streams are free now, to the peer not before it has the answer: one that is
    // lost must not let a new channel's first message reach a peer that still ends the old one.
    sender.escort(
        new ReconfigChunk(List.of(Response.of(reset.requestSequence(), Response.PERFORMED))),
        reset.streamIds());
    context.emit(new AssociationEvent.IncomingStreamsReset(reset.streamIds()));
    return Response.PERFORMED;
  }

  /** Section 5.2.3: the peer wants our outgoing streams reset; our own request follows. */
  private int performIncoming(IncomingReset reset) {
    if (reset.streamIds().isEmpty() && sender.queue().anyResetting()) {
      // One at a time: looking through all streams for each of many requests would be dear.
      return Response.IN_PROGRESS;
    }
    List<Integer> wanted =
        reset.streamIds().isEmpty() ? sender.queue().usedStreams() : reset.streamIds();
    boolean any = false;
    for (int streamId : wanted) {
      if (sender.queue().isUsed(streamId)) {
        sender.queue().beginReset(streamId);
        any = true;
      }
    }
    return any ? Response.PERFORMED : Response.NOTHING_TO_DO;
  }

  private void responded(Response response) {
    Request request = pending;
    if (request == null || response.responseSequence() != request.requestSequence()) {
      return;
    }
    answered = true;
    switch (response.result()) {
      case Response.NOTHING_TO_DO, Response.PERFORMED -> {
        performed(request);
      }
      case Response.IN_PROGRESS, Response.REQUEST_ALREADY_IN_PROGRESS -> {
        // Nothing is lost: data that was sent before is still on its way, about a round trip.
        long retryNanos = Math.max(2 * rto.srttNanos(), SHORTEST_RETRY_NANOS);
        timer = context.backingOffTimer(Math.min(retryNanos, rto.rtoNanos()));
      }
      default -> {
        refused(request, "the peer answered with result " + response.result());
      }
    }
  }

  private void performed(Request request) {
    pending = null;
    timer = null;
    if (request instanceof OutgoingReset reset) {
      sender.queue().endReset(reset.streamIds(), ResetOutcome.PERFORMED);
      context.emit(new AssociationEvent.OutgoingStreamsReset(reset.streamIds()));
    } else if (request instanceof AddStreams add) {
      outgoingStreams += add.newStreams();
      streamsAdded();
    }
  }

  private void refused(Request request, String why) {
    pending = null;
    timer = null;
    if (request instanceof OutgoingReset reset) {
      sender.queue().endReset(reset.streamIds(), ResetOutcome.REFUSED);
      context.emit(new AssociationEvent.StreamsResetFailed(reset.streamIds(), why));
    }
  }
}
