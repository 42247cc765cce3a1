package dev.tautline.stun;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.base.Timer;
import dev.tautline.stun.StunTransaction.State;
import dev.tautline.stun.StunTransaction.Verdict;
import dev.tautline.stun.attribute.ErrorCode;
import dev.tautline.stun.attribute.Octets;
import dev.tautline.stun.attribute.UnknownAttribute;
import dev.tautline.stun.codec.ReceivedStun;
import dev.tautline.stun.codec.StunParser;
import dev.tautline.stun.codec.StunWriter;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StunTransactionTest {
  private static final long MILLI = 1_000_000;
  private static final TransactionId ID = new TransactionId(7, 8);
  private static final InetSocketAddress SERVER = new InetSocketAddress("192.0.2.1", 3478);
  private static final IntegrityKey KEY = IntegrityKey.shortTerm("the password of both");

  private static StunTransaction transaction(IntegrityKey key) {
    return new StunTransaction(ID, StunMethod.BINDING, new byte[20], SERVER, key, StunTimers.rfc());
  }

  private static ReceivedStun response(StunWriter writer) {
    byte[] bytes = writer.toBytes();
    try {
      return StunParser.parse(bytes, 0, bytes.length);
    } catch (StunFormatException e) {
      throw new AssertionError(e);
    }
  }

  private static StunWriter success(TransactionId id) {
    return new StunWriter(StunMessage.of(StunClass.SUCCESS, StunMethod.BINDING, id));
  }

  @Test
  void sendsSevenTimesAndEndsAfter39AndAHalfSeconds() {
    StunTransaction transaction = transaction(null);
    List<Long> sends = new ArrayList<>();
    long now = 0;
    while (transaction.state() == State.WAITING) {
      if (transaction.pollSend(now)) {
        sends.add(now / MILLI);
      }
      now = Math.max(now, Math.min(transaction.nextDeadlineNanos(), 100_000 * MILLI));
      if (transaction.state() == State.TIMED_OUT) {
        break;
      }
    }
    // RFC 8489 section 6.2.1: "0 ms, 500 ms, 1500 ms, 3500 ms, 7500 ms, 15500 ms, and 31500 ms.
    // If the client has not received a response after 39500 ms, the client will consider the
    // transaction to have timed out."
    assertThat(sends).containsExactly(0L, 500L, 1500L, 3500L, 7500L, 15500L, 31500L);
    assertThat(transaction.state()).isEqualTo(State.TIMED_OUT);
  }

  @Test
  void timesOutNotBefore39AndAHalfSeconds() {
    StunTransaction transaction = transaction(null);
    for (long now : new long[] {0, 500, 1500, 3500, 7500, 15500, 31500}) {
      assertThat(transaction.pollSend(now * MILLI)).isTrue();
    }
    assertThat(transaction.nextDeadlineNanos()).isEqualTo(39500 * MILLI);
    assertThat(transaction.pollSend(39499 * MILLI)).isFalse();
    assertThat(transaction.state()).isEqualTo(State.WAITING);
    assertThat(transaction.pollSend(39500 * MILLI)).isFalse();
    assertThat(transaction.state()).isEqualTo(State.TIMED_OUT);
    assertThat(transaction.nextDeadlineNanos()).isEqualTo(Timer.NOT_RUNNING);
  }

  @Test
  void takesItsOwnSuccess() {
    StunTransaction transaction = transaction(null);
    transaction.pollSend(0);
    assertThat(transaction.receive(response(success(ID)), SERVER)).isEqualTo(Verdict.TAKEN);
    assertThat(transaction.state()).isEqualTo(State.SUCCEEDED);
    assertThat(transaction.receive(response(success(ID)), SERVER)).isEqualTo(Verdict.IGNORED);
  }

  @Test
  void ignoresAnotherIdAnotherSourceAndRequests() {
    StunTransaction transaction = transaction(null);
    transaction.pollSend(0);
    assertThat(transaction.receive(response(success(new TransactionId(7, 9))), SERVER))
        .isEqualTo(Verdict.IGNORED);
    assertThat(transaction.receive(response(success(ID)), new InetSocketAddress("192.0.2.1", 3479)))
        .isEqualTo(Verdict.IGNORED);
    assertThat(
            transaction.receive(
                response(new StunWriter(StunMessage.of(StunClass.REQUEST, StunMethod.BINDING, ID))),
                SERVER))
        .isEqualTo(Verdict.IGNORED);
    assertThat(transaction.state()).isEqualTo(State.WAITING);
  }

  @Test
  void goesOnWaitingAfterAResponseWithoutOrWithWrongIntegrity() {
    StunTransaction transaction = transaction(KEY);
    transaction.pollSend(0);
    assertThat(transaction.receive(response(success(ID)), SERVER)).isEqualTo(Verdict.IGNORED);
    IntegrityKey wrong = IntegrityKey.shortTerm("another password");
    assertThat(transaction.receive(response(success(ID).withIntegrity(wrong)), SERVER))
        .isEqualTo(Verdict.IGNORED);
    assertThat(transaction.receive(response(success(ID).withIntegrity(KEY)), SERVER))
        .isEqualTo(Verdict.TAKEN);
  }

  @Test
  void anErrorFailsIt() {
    StunTransaction transaction = transaction(null);
    transaction.pollSend(0);
    var error =
        new StunWriter(StunMessage.of(StunClass.ERROR, StunMethod.BINDING, ID, ErrorCode.of(500)));
    assertThat(transaction.receive(response(error), SERVER)).isEqualTo(Verdict.TAKEN);
    assertThat(transaction.state()).isEqualTo(State.FAILED);
  }

  @Test
  void anUnknownRequiredAttributeInASuccessFailsIt() {
    StunTransaction transaction = transaction(null);
    transaction.pollSend(0);
    var odd =
        new StunWriter(
            StunMessage.of(
                StunClass.SUCCESS,
                StunMethod.BINDING,
                ID,
                new UnknownAttribute(0x7f01, Octets.EMPTY)));
    assertThat(transaction.receive(response(odd), SERVER)).isEqualTo(Verdict.TAKEN);
    assertThat(transaction.state()).isEqualTo(State.FAILED);
  }

  @Test
  void withoutRetransmissionsItEndsAtTheNextDeadline() {
    StunTransaction transaction = transaction(null);
    transaction.pollSend(0);
    transaction.stopRetransmissions();
    assertThat(transaction.mayRepeat()).isFalse();
    assertThat(transaction.pollSend(500 * MILLI)).isFalse();
    assertThat(transaction.state()).isEqualTo(State.TIMED_OUT);
  }

  @Test
  void cancelledItNeitherSendsNorTakes() {
    StunTransaction transaction = transaction(null);
    transaction.cancel();
    assertThat(transaction.pollSend(0)).isFalse();
    assertThat(transaction.receive(response(success(ID)), SERVER)).isEqualTo(Verdict.IGNORED);
  }
}
