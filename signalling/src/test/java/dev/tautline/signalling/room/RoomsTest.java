package dev.tautline.signalling.room;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.base.Timer;
import dev.tautline.signalling.protocol.ClaimRequest;
import dev.tautline.signalling.protocol.LeaveReason;
import dev.tautline.signalling.protocol.Peer;
import dev.tautline.signalling.protocol.ProblemKind;
import dev.tautline.signalling.protocol.RelayedMessage;
import dev.tautline.signalling.protocol.RelayedMessage.Candidate;
import dev.tautline.signalling.protocol.RelayedMessage.Description;
import dev.tautline.signalling.protocol.RoomEvent;
import dev.tautline.signalling.protocol.RoomEvent.PeerJoined;
import dev.tautline.signalling.protocol.RoomEvent.PeerLeft;
import dev.tautline.signalling.protocol.RoomEvent.Relayed;
import dev.tautline.signalling.protocol.RoomName;
import dev.tautline.signalling.protocol.Slot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RoomsTest {
  private static final RoomName KITCHEN = new RoomName("kitchen");
  private static final long SECOND = 1_000_000_000L;
  private static final RelayedMessage OFFER = new Description("offer", "v=0");

  private final Rooms rooms = new Rooms(RoomLimits.DEFAULT, new Random(1));

  private ClaimOutcome.Granted claim(long now) {
    return (ClaimOutcome.Granted) rooms.claim(now, KITCHEN, "owner", ClaimRequest.PLAIN);
  }

  private ClaimOutcome claim(long now, String token) {
    return rooms.claim(now, KITCHEN, "owner", new ClaimRequest(null, token));
  }

  private static ClaimRequest resuming(String token) {
    return new ClaimRequest(token, null);
  }

  private List<RoomEvent> events(long now, MemberRef ref) {
    return rooms.events(now, ref, 0, 1_000).events().stream().map(NumberedEvent::event).toList();
  }

  @Test
  void slotsAreGivenFromTheLowestAndTheThirdClaimIsRefused() {
    assertThat(claim(0).ref().slot()).isEqualTo(Slot.A);
    assertThat(claim(0).ref().slot()).isEqualTo(Slot.B);
    assertThat(rooms.claim(0, KITCHEN, "owner", ClaimRequest.PLAIN))
        .isEqualTo(new ClaimOutcome.RoomFull(2));
  }

  @Test
  void aFreedSlotIsGivenAgainToANewMember() {
    MemberRef a = claim(0).ref();
    MemberRef b = claim(0).ref();
    rooms.leave(1, a);
    MemberRef next = claim(2).ref();
    assertThat(next.slot()).isEqualTo(Slot.A);
    assertThat(next.member()).isEqualTo(3);
    assertThat(next.incarnation()).isEqualTo(b.incarnation());
  }

  @Test
  void anEmptyRoomIsForgottenAndItsNextLifeIsAnotherIncarnation() {
    ClaimOutcome.Granted first = claim(0);
    rooms.leave(1, first.ref());
    assertThat(rooms.roomCount()).isZero();
    ClaimOutcome.Granted second = claim(2);
    assertThat(second.ref().incarnation()).isNotEqualTo(first.ref().incarnation());
    assertThat(second.ref().member()).isEqualTo(1);
    assertThat(rooms.touch(3, first.ref())).as("same number, former life").isFalse();
    assertThat(rooms.authenticate(3, KITCHEN, first.token())).isNull();
  }

  @Test
  void incarnationsStartAtDifferentNumbersInDifferentServers() {
    var other = new Rooms(RoomLimits.DEFAULT, new Random(2));
    var there = (ClaimOutcome.Granted) other.claim(0, KITCHEN, "owner", ClaimRequest.PLAIN);
    assertThat(claim(0).ref().incarnation()).isNotEqualTo(there.ref().incarnation());
  }

  @Test
  void eachMemberHasASecretOfItsOwn() {
    ClaimOutcome.Granted a = claim(0);
    ClaimOutcome.Granted b = claim(0);
    assertThat(a.token()).hasSize(43).isNotEqualTo(b.token());
    assertThat(rooms.authenticate(1, KITCHEN, a.token())).isEqualTo(a.ref());
    assertThat(rooms.authenticate(1, KITCHEN, b.token())).isEqualTo(b.ref());
    assertThat(rooms.authenticate(1, KITCHEN, "")).isNull();
    assertThat(rooms.authenticate(1, KITCHEN, a.token() + "A")).isNull();
    assertThat(rooms.authenticate(1, KITCHEN, a.token().substring(1))).isNull();
    assertThat(rooms.authenticate(1, new RoomName("cellar"), a.token())).isNull();
    assertThat(a.toString()).doesNotContain(a.token());
  }

  @Test
  void bothMembersLearnOfEachOther() {
    MemberRef a = claim(0).ref();
    MemberRef b = claim(0).ref();
    assertThat(events(0, a)).containsExactly(new PeerJoined(new Peer(Slot.B, 2)));
    assertThat(events(0, b)).containsExactly(new PeerJoined(new Peer(Slot.A, 1)));
    assertThat(rooms.drainWoken()).containsExactly(a);
    assertThat(rooms.drainWoken()).isEmpty();
  }

  @Test
  void messagesKeepTheirOrderAndTheirNumbers() {
    MemberRef a = claim(0).ref();
    MemberRef b = claim(0).ref();
    var candidate = new Candidate("candidate:1", "0", 0, null);
    assertThat(rooms.relay(0, a, 1, 2, OFFER)).isEqualTo(new RelayOutcome.Accepted(1));
    assertThat(rooms.relay(0, a, 2, 2, candidate)).isEqualTo(new RelayOutcome.Accepted(2));
    assertThat(rooms.events(0, b, 0, 10).events())
        .containsExactly(
            new NumberedEvent(1, new PeerJoined(new Peer(Slot.A, 1))),
            new NumberedEvent(2, new Relayed(1, OFFER)),
            new NumberedEvent(3, new Relayed(1, candidate)));
  }

  @Test
  void aMessageSentAgainIsTakenOnce() {
    MemberRef a = claim(0).ref();
    MemberRef b = claim(0).ref();
    rooms.relay(0, a, 1, 2, OFFER);
    rooms.relay(0, a, 2, 2, OFFER);
    assertThat(rooms.relay(0, a, 1, 2, OFFER)).isEqualTo(new RelayOutcome.Accepted(2));
    assertThat(rooms.relay(0, a, 2, 2, OFFER)).isEqualTo(new RelayOutcome.Accepted(2));
    assertThat(events(0, b)).hasSize(3);
    assertThat(rooms.acceptedId(0, a)).isEqualTo(2);
  }

  @Test
  void whatWasMeantForAFormerPeerDoesNotReachTheNextOne() {
    MemberRef a = claim(0).ref();
    MemberRef b = claim(0).ref();
    rooms.leave(0, b);
    MemberRef c = claim(0).ref();
    assertThat(c.slot()).isEqualTo(Slot.B);
    RelayOutcome outcome = rooms.relay(0, a, 1, b.member(), OFFER);
    assertThat(outcome).isInstanceOf(RelayOutcome.Refused.class);
    assertThat(((RelayOutcome.Refused) outcome).problem().is(ProblemKind.NO_SUCH_MEMBER)).isTrue();
    assertThat(events(0, c)).containsExactly(new PeerJoined(new Peer(Slot.A, 1)));
    assertThat(rooms.acceptedId(0, a)).as("refused for good counts as taken").isEqualTo(1);
  }

  @Test
  void nobodySendsToItself() {
    MemberRef a = claim(0).ref();
    assertThat(rooms.relay(0, a, 1, a.member(), OFFER)).isInstanceOf(RelayOutcome.Refused.class);
    assertThat(events(0, a)).isEmpty();
  }

  @Test
  void eventsAreKeptUntilAcknowledgedAndResumeAfterANumber() {
    MemberRef a = claim(0).ref();
    MemberRef b = claim(0).ref();
    for (int id = 1; id <= 4; id++) {
      rooms.relay(0, a, id, 2, OFFER);
    }
    assertThat(rooms.events(0, b, 3, 10).events())
        .extracting(NumberedEvent::number)
        .containsExactly(4L, 5L);
    assertThat(rooms.events(0, b, 0, 2).events())
        .extracting(NumberedEvent::number)
        .containsExactly(1L, 2L);
    assertThat(rooms.connect(0, b, 3)).isEqualTo(ConnectOutcome.CONNECTED);
    assertThat(rooms.events(0, b, 0, 10).events())
        .extracting(NumberedEvent::number)
        .containsExactly(4L, 5L);
    assertThat(rooms.acknowledge(0, b, 2)).as("overtaken").isEqualTo(ConnectOutcome.CONNECTED);
    assertThat(rooms.acknowledge(0, b, 6)).isEqualTo(ConnectOutcome.NEVER_GIVEN);
  }

  @Test
  void aSilentMemberExpiresAndThePeerIsTold() {
    MemberRef a = claim(0).ref();
    MemberRef b = claim(0).ref();
    rooms.touch(10 * SECOND, a);
    rooms.drainWoken();
    rooms.advanceTo(15 * SECOND - 1);
    assertThat(rooms.touch(15 * SECOND - 1, a)).isTrue();
    assertThat(events(15 * SECOND - 1, b)).hasSize(1);
    rooms.advanceTo(15 * SECOND);
    assertThat(rooms.drainWoken()).containsExactlyInAnyOrder(a, b);
    assertThat(rooms.events(15 * SECOND, b, 0, 10)).isEqualTo(EventBatch.GONE);
    assertThat(events(15 * SECOND, a))
        .contains(new PeerLeft(new Peer(Slot.B, 2), LeaveReason.EXPIRED));
  }

  @Test
  void expiryNeedsNoTickToBeSeen() {
    claim(0);
    claim(0);
    assertThat(rooms.claim(15 * SECOND - 1, KITCHEN, "owner", ClaimRequest.PLAIN))
        .isEqualTo(new ClaimOutcome.RoomFull(2));
    assertThat(claim(15 * SECOND).ref().slot()).isEqualTo(Slot.A);
  }

  @Test
  void everySignOfLifeCounts() {
    ClaimOutcome.Granted a = claim(0);
    MemberRef ref = a.ref();
    long now = 0;
    now += 14 * SECOND;
    assertThat(rooms.touch(now, ref)).isTrue();
    now += 14 * SECOND;
    assertThat(rooms.authenticate(now, KITCHEN, a.token())).isEqualTo(ref);
    now += 14 * SECOND;
    assertThat(rooms.connect(now, ref, 0)).isEqualTo(ConnectOutcome.CONNECTED);
    now += 14 * SECOND;
    assertThat(rooms.relay(now, ref, 1, 9, OFFER)).isInstanceOf(RelayOutcome.Refused.class);
    now += 14 * SECOND;
    assertThat(rooms.acknowledge(now, ref, 0)).isEqualTo(ConnectOutcome.CONNECTED);
    now += 15 * SECOND;
    assertThat(rooms.touch(now, ref)).isFalse();
  }

  @Test
  void aBrokenConnectionLeavesAGrace() {
    MemberRef a = claim(0).ref();
    rooms.disconnected(SECOND, a);
    rooms.advanceTo(6 * SECOND - 1);
    assertThat(rooms.connect(6 * SECOND - 1, a, 0)).isEqualTo(ConnectOutcome.CONNECTED);
    rooms.advanceTo(20 * SECOND);
    assertThat(rooms.touch(20 * SECOND, a)).as("reconnecting gives a whole life").isTrue();
    rooms.disconnected(21 * SECOND, a);
    rooms.advanceTo(26 * SECOND);
    assertThat(rooms.touch(26 * SECOND, a)).isFalse();
  }

  @Test
  void theGraceNeverProlongsALife() {
    MemberRef a = claim(0).ref();
    rooms.disconnected(14 * SECOND, a);
    rooms.advanceTo(15 * SECOND);
    assertThat(rooms.touch(15 * SECOND, a)).isFalse();
  }

  @Test
  void aReloadedPageGetsItsSlotBackAsANewMember() {
    ClaimOutcome.Granted a = claim(0);
    MemberRef b = claim(0).ref();
    var again = (ClaimOutcome.Granted) rooms.claim(1, KITCHEN, "owner", resuming(a.token()));
    assertThat(again.ref().slot()).isEqualTo(Slot.A);
    assertThat(again.ref().member()).isEqualTo(3);
    assertThat(again.token()).isNotEqualTo(a.token());
    assertThat(rooms.authenticate(1, KITCHEN, a.token())).isNull();
    assertThat(rooms.events(1, a.ref(), 0, 10)).isEqualTo(EventBatch.GONE);
    assertThat(events(1, b))
        .containsExactly(
            new PeerJoined(new Peer(Slot.A, 1)),
            new PeerLeft(new Peer(Slot.A, 1), LeaveReason.REPLACED),
            new PeerJoined(new Peer(Slot.A, 3)));
    assertThat(events(1, again.ref())).containsExactly(new PeerJoined(new Peer(Slot.B, 2)));
  }

  @Test
  void aWrongTokenResumesNothing() {
    claim(0);
    claim(0);
    assertThat(rooms.claim(1, KITCHEN, "owner", resuming("wrong")))
        .isEqualTo(new ClaimOutcome.RoomFull(2));
    var elsewhere =
        (ClaimOutcome.Granted) rooms.claim(1, new RoomName("x"), "owner", resuming("wrong"));
    assertThat(elsewhere.ref().slot()).isEqualTo(Slot.A);
  }

  @Test
  void aClaimThatIsRepeatedBecauseItsAnswerWasLostGivesTheSameMember() {
    String token = "t".repeat(43);
    var first = (ClaimOutcome.Granted) claim(0, token);
    assertThat(first.token()).isEqualTo(token);
    MemberRef b = claim(0).ref();
    var again = (ClaimOutcome.Granted) claim(14 * SECOND, token);
    assertThat(again.ref()).isEqualTo(first.ref());
    assertThat(again.token()).isEqualTo(token);
    assertThat(events(14 * SECOND, b)).containsExactly(new PeerJoined(new Peer(Slot.A, 1)));
    assertThat(rooms.touch(16 * SECOND, first.ref())).as("a sign of life").isTrue();
  }

  @Test
  void aRepeatedClaimComesTooLateForAMemberThatLeft() {
    String token = "t".repeat(43);
    MemberRef first = ((ClaimOutcome.Granted) claim(0, token)).ref();
    claim(0);
    rooms.leave(1, first);
    assertThat(((ClaimOutcome.Granted) claim(1, token)).ref().member()).isEqualTo(3);
    assertThat(claim(1, "u".repeat(43))).isEqualTo(new ClaimOutcome.RoomFull(2));
  }

  @Test
  void aReloadedPageWhoseAnswerWasLostAsksAgain() {
    ClaimOutcome.Granted before = claim(0);
    var wish = new ClaimRequest(before.token(), "t".repeat(43));
    var first = (ClaimOutcome.Granted) rooms.claim(1, KITCHEN, "owner", wish);
    assertThat(first.ref().slot()).isEqualTo(Slot.A);
    assertThat(first.ref().member()).isEqualTo(2);
    assertThat(rooms.claim(2, KITCHEN, "owner", wish)).isEqualTo(first);
  }

  @Test
  void roomsAreLimited() {
    var few =
        new Rooms(
            new RoomLimits(2, 2, 100, 256, Duration.ofSeconds(15), Duration.ofSeconds(5)),
            new Random(1));
    assertThat(few.claim(0, new RoomName("r1"), "o", ClaimRequest.PLAIN))
        .isInstanceOf(ClaimOutcome.Granted.class);
    assertThat(few.claim(0, new RoomName("r2"), "o", ClaimRequest.PLAIN))
        .isInstanceOf(ClaimOutcome.Granted.class);
    assertThat(few.claim(0, new RoomName("r3"), "o", ClaimRequest.PLAIN))
        .isEqualTo(new ClaimOutcome.ServerFull(2));
    assertThat(few.claim(0, new RoomName("r2"), "o", ClaimRequest.PLAIN))
        .isInstanceOf(ClaimOutcome.Granted.class);
    few.advanceTo(15 * SECOND);
    assertThat(few.roomCount()).isZero();
    assertThat(few.nextDeadlineNanos()).isEqualTo(Timer.NOT_RUNNING);
  }

  @Test
  void claimsOfOneOwnerAreLimited() {
    var few =
        new Rooms(
            new RoomLimits(2, 100, 2, 256, Duration.ofSeconds(15), Duration.ofSeconds(5)),
            new Random(1));
    var first = (ClaimOutcome.Granted) few.claim(0, new RoomName("r1"), "o", ClaimRequest.PLAIN);
    few.claim(0, new RoomName("r2"), "o", ClaimRequest.PLAIN);
    assertThat(few.claim(0, new RoomName("r3"), "o", ClaimRequest.PLAIN))
        .isEqualTo(new ClaimOutcome.OwnerFull(2));
    assertThat(few.roomCount()).as("a refused claim leaves no room behind").isEqualTo(2);
    assertThat(few.claim(0, new RoomName("r3"), "p", ClaimRequest.PLAIN))
        .isInstanceOf(ClaimOutcome.Granted.class);
    assertThat(few.claim(0, new RoomName("r1"), "o", resuming(first.token())))
        .as("one's own slot anew")
        .isInstanceOf(ClaimOutcome.Granted.class);
    few.advanceTo(15 * SECOND);
    assertThat(few.claim(15 * SECOND, new RoomName("r4"), "o", ClaimRequest.PLAIN))
        .isInstanceOf(ClaimOutcome.Granted.class);
  }

  @Test
  void aMailboxIsLimitedForTheSender() {
    MemberRef a = claim(0).ref();
    MemberRef b = claim(0).ref();
    int limit = RoomLimits.DEFAULT.maxUnacknowledgedEvents();
    long id = 1;
    for (; id < limit; id++) {
      assertThat(rooms.relay(0, a, id, 2, OFFER)).isInstanceOf(RelayOutcome.Accepted.class);
    }
    RelayOutcome full = rooms.relay(0, a, id, 2, OFFER);
    assertThat(((RelayOutcome.Refused) full).problem().is(ProblemKind.TOO_MANY)).isTrue();
    rooms.acknowledge(0, b, limit);
    assertThat(rooms.relay(0, a, id + 1, 2, OFFER)).isInstanceOf(RelayOutcome.Accepted.class);
  }

  @Test
  void whoNeverReadsWhileOthersComeAndGoIsNotThere() {
    MemberRef a = claim(0).ref();
    int limit = RoomLimits.DEFAULT.maxUnacknowledgedEvents();
    int rounds = 0;
    while (rooms.touch(0, a)) {
      rooms.leave(0, claim(0).ref());
      rounds++;
      assertThat(rounds).isLessThanOrEqualTo(limit + 1);
    }
    assertThat(rounds).isGreaterThanOrEqualTo(limit);
  }

  @Test
  void connectingAndBreakingManyTimesPilesNothingUp() {
    MemberRef a = claim(0).ref();
    for (int i = 0; i < 10_000; i++) {
      rooms.connect(i, a, 0);
      rooms.disconnected(i, a);
    }
    assertThat(rooms.deadlineEntries()).isLessThan(10);
  }

  /** Any mixture of steps keeps what must always hold. */
  @Test
  void invariantsHoldOverRandomSteps() {
    long seed = 20_261_122;
    var random = new Random(seed);
    var members = new ArrayList<MemberRef>();
    var names = List.of(KITCHEN, new RoomName("cellar"), new RoomName("attic"));
    long now = 0;
    for (int step = 0; step < 20_000; step++) {
      now += random.nextLong(SECOND);
      int before = members.size();
      MemberRef any = members.isEmpty() ? null : members.get(random.nextInt(before));
      switch (random.nextInt(any == null ? 1 : 6)) {
        case 0 -> {
          RoomName name = names.get(random.nextInt(names.size()));
          if (rooms.claim(now, name, "owner", ClaimRequest.PLAIN)
              instanceof ClaimOutcome.Granted granted) {
            members.add(granted.ref());
          }
        }
        case 1 -> rooms.leave(now, any);
        case 2 -> rooms.disconnected(now, any);
        case 3 -> rooms.touch(now, any);
        case 4 -> rooms.relay(now, any, step, random.nextInt(50) + 1, OFFER);
        default -> rooms.connect(now, any, random.nextInt(5));
      }
      rooms.drainWoken();
      long at = now;
      members.removeIf(ref -> !isThere(at, ref));
      for (RoomName name : names) {
        var inRoom = members.stream().filter(ref -> ref.room().equals(name)).toList();
        assertThat(inRoom.size()).as("seed %d step %d", seed, step).isLessThanOrEqualTo(2);
        assertThat(inRoom.stream().map(MemberRef::slot).distinct().count())
            .isEqualTo(inRoom.size());
        assertThat(inRoom.stream().map(MemberRef::incarnation).distinct().count())
            .isLessThanOrEqualTo(1);
      }
      assertThat((long) rooms.roomCount())
          .isEqualTo(members.stream().map(MemberRef::room).distinct().count());
    }
  }

  private boolean isThere(long now, MemberRef ref) {
    EventBatch batch = rooms.events(now, ref, 0, 10_000);
    long expected = -1;
    for (NumberedEvent event : batch.events()) {
      assertThat(expected < 0 || event.number() == expected).as("numbers without gaps").isTrue();
      expected = event.number() + 1;
    }
    return batch.presence() == EventBatch.Presence.PRESENT;
  }
}
