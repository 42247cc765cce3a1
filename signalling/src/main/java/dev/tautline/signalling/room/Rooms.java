package dev.tautline.signalling.room;

import dev.tautline.base.Timer;
import dev.tautline.signalling.protocol.ClaimRequest;
import dev.tautline.signalling.protocol.LeaveReason;
import dev.tautline.signalling.protocol.Peer;
import dev.tautline.signalling.protocol.ProblemKind;
import dev.tautline.signalling.protocol.RelayedMessage;
import dev.tautline.signalling.protocol.RoomEvent;
import dev.tautline.signalling.protocol.RoomName;
import dev.tautline.signalling.protocol.RoomsProtocol;
import dev.tautline.signalling.protocol.Slot;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * All rooms of one server: who sits where, what waits for whom, who has been silent for too long.
 *
 * <p>A machine in the manner of the protocol cores: time is an argument, and whom to wake is asked
 * for afterwards. Every method first lets expire what is due, so the outcome does not depend on how
 * often {@link #advanceTo} is called.
 *
 * <p>Thread rule: one thread at a time; {@link MemoryRoomStore} sees to it.
 */
final class Rooms {
  private final RoomLimits limits;
  private final RandomGenerator random;
  private final long expiryNanos;
  private final long graceNanos;

  private final Map<RoomName, Room> rooms = new HashMap<>();
  private final Map<String, Integer> membersByOwner = new HashMap<>();

  /**
   * One valid entry per member: that of {@link Member#queuedAtNanos}. A later deadline moves
   * nothing, the entry is put back when it comes up, since signs of life come far more often than
   * expirations. An earlier one makes the entry stale.
   */
  private final PriorityQueue<Deadline> deadlines =
      new PriorityQueue<>(Comparator.comparingLong(Deadline::atNanos));

  private final Set<MemberRef> woken = new LinkedHashSet<>();
  private long nextIncarnation;

  private record Deadline(long atNanos, Member member) {}

  /**
   * @param limits what may be there at the same time
   * @param random for tokens and the first incarnation: a {@code SecureRandom} except in tests
   */
  Rooms(RoomLimits limits, RandomGenerator random) {
    this.limits = limits;
    this.random = random;
    this.expiryNanos = limits.expiry().toNanos();
    this.graceNanos = limits.grace().toNanos();
    // Random, so that a client that comes back after a restart of the server cannot take a new
    // room for the one it knew; half of the range, so that counting up never leaves it.
    this.nextIncarnation = random.nextLong(1, RoomsProtocol.MAX_NUMBER / 2);
  }

  ClaimOutcome claim(long nowNanos, RoomName name, String owner, ClaimRequest request) {
    advanceTo(nowNanos);
    Room room = rooms.get(name);
    String chosen = request.token();
    if (room != null && chosen != null) {
      Member again = room.memberOf(chosen);
      if (again != null) {
        live(nowNanos, again);
        return new ClaimOutcome.Granted(again.ref, chosen);
      }
    }
    String resume = request.resume();
    Member former = room == null || resume == null ? null : room.memberOf(resume);
    // Decided before anything changes: a refused claim leaves no trace.
    int wanted = former != null ? former.ref.slot().index() : room == null ? 0 : room.freeSlot();
    if (wanted < 0) {
      return new ClaimOutcome.RoomFull(limits.capacity());
    }
    if (room == null && rooms.size() >= limits.maxRooms()) {
      return new ClaimOutcome.ServerFull(limits.maxRooms());
    }
    boolean ownSlotComesFree = former != null && former.owner.equals(owner);
    if (!ownSlotComesFree && membersByOwner.getOrDefault(owner, 0) >= limits.maxMembersPerOwner()) {
      return new ClaimOutcome.OwnerFull(limits.maxMembersPerOwner());
    }
    if (room == null) {
      room = new Room(name, nextIncarnation++, limits.capacity());
      rooms.put(name, room);
    }
    if (former != null) {
      room.vacate(former);
      forget(room, former, LeaveReason.REPLACED);
    }
    String token = chosen != null ? chosen : Tokens.next(random);
    Member member =
        new Member(
            new MemberRef(name, room.incarnation, room.nextMember++, new Slot(wanted)),
            owner,
            Tokens.hash(token));
    membersByOwner.merge(owner, 1, Integer::sum);
    member.deadlineNanos = nowNanos + expiryNanos;
    queue(member);
    for (Member other : room.present()) {
      member.mailbox.add(new RoomEvent.PeerJoined(other.asPeer()));
      tell(other, new RoomEvent.PeerJoined(member.asPeer()));
    }
    room.seat(member);
    return new ClaimOutcome.Granted(member.ref, token);
  }

  /** The member that the token belongs to, which counts as a sign of life; null when none does. */
  @Nullable MemberRef authenticate(long nowNanos, RoomName name, String token) {
    advanceTo(nowNanos);
    Room room = rooms.get(name);
    Member member = room == null ? null : room.memberOf(token);
    if (member == null) {
      return null;
    }
    live(nowNanos, member);
    return member.ref;
  }

  ConnectOutcome connect(long nowNanos, MemberRef ref, long after) {
    Member member = find(nowNanos, ref);
    if (member == null) {
      return ConnectOutcome.GONE;
    }
    live(nowNanos, member);
    return member.mailbox.acknowledge(after)
        ? ConnectOutcome.CONNECTED
        : ConnectOutcome.NEVER_GIVEN;
  }

  ConnectOutcome acknowledge(long nowNanos, MemberRef ref, long event) {
    return connect(nowNanos, ref, event);
  }

  /** The highest id taken from the member; 0 when it said nothing yet or is gone. */
  long acceptedId(long nowNanos, MemberRef ref) {
    Member member = find(nowNanos, ref);
    return member == null ? 0 : member.acceptedId;
  }

  RelayOutcome relay(long nowNanos, MemberRef ref, long id, long to, RelayedMessage message) {
    Member sender = find(nowNanos, ref);
    if (sender == null) {
      return new RelayOutcome.SenderGone();
    }
    live(nowNanos, sender);
    if (id <= sender.acceptedId) {
      // Sent again after a reconnect, because the sender could not know that it had arrived.
      return new RelayOutcome.Accepted(sender.acceptedId);
    }
    sender.acceptedId = id;
    Member receiver = to == ref.member() ? null : room(ref).memberNumbered(to);
    if (receiver == null) {
      return new RelayOutcome.Refused(
          ProblemKind.NO_SUCH_MEMBER.because("Member " + to + " is not in the room (any more)."));
    }
    if (receiver.mailbox.size() >= limits.maxUnacknowledgedEvents()) {
      return new RelayOutcome.Refused(
          ProblemKind.TOO_MANY.because(
              "Member "
                  + to
                  + " has "
                  + receiver.mailbox.size()
                  + " unacknowledged events, the limit is "
                  + limits.maxUnacknowledgedEvents()
                  + "."));
    }
    tell(receiver, new RoomEvent.Relayed(ref.member(), message));
    return new RelayOutcome.Accepted(id);
  }

  /** Events with numbers above {@code after}, at most {@code max}. */
  EventBatch events(long nowNanos, MemberRef ref, long after, int max) {
    Member member = find(nowNanos, ref);
    return member == null
        ? EventBatch.GONE
        : new EventBatch(EventBatch.Presence.PRESENT, member.mailbox.after(after, max));
  }

  /** A sign of life. Returns false when the member is gone. */
  boolean touch(long nowNanos, MemberRef ref) {
    Member member = find(nowNanos, ref);
    if (member == null) {
      return false;
    }
    live(nowNanos, member);
    return true;
  }

  /** The member's connection broke: its life ends after the grace. */
  void disconnected(long nowNanos, MemberRef ref) {
    Member member = find(nowNanos, ref);
    if (member != null && nowNanos + graceNanos < member.deadlineNanos) {
      member.deadlineNanos = nowNanos + graceNanos;
      bringForward(member);
    }
  }

  /** The member goes. Returns false when it was gone. */
  boolean leave(long nowNanos, MemberRef ref) {
    Member member = find(nowNanos, ref);
    if (member == null) {
      return false;
    }
    end(member, LeaveReason.LEFT);
    return true;
  }

  void advanceTo(long nowNanos) {
    Deadline next;
    while ((next = deadlines.peek()) != null && next.atNanos <= nowNanos) {
      deadlines.remove();
      Member member = next.member;
      if (member.ended || next.atNanos != member.queuedAtNanos) {
        continue;
      }
      if (member.deadlineNanos <= nowNanos) {
        end(member, LeaveReason.EXPIRED);
      } else {
        queue(member);
      }
    }
  }

  private void queue(Member member) {
    member.queuedAtNanos = member.deadlineNanos;
    deadlines.add(new Deadline(member.deadlineNanos, member));
  }

  private void bringForward(Member member) {
    if (member.deadlineNanos < member.queuedAtNanos) {
      queue(member);
    }
  }

  /** When {@link #advanceTo} may have work again, or {@link Timer#NOT_RUNNING}. */
  long nextDeadlineNanos() {
    Deadline next = deadlines.peek();
    return next == null ? Timer.NOT_RUNNING : next.atNanos;
  }

  /** Members that have new events, or are gone, since the last call. */
  List<MemberRef> drainWoken() {
    if (woken.isEmpty()) {
      return List.of();
    }
    List<MemberRef> result = List.copyOf(woken);
    woken.clear();
    return result;
  }

  int roomCount() {
    return rooms.size();
  }

  int deadlineEntries() {
    return deadlines.size();
  }

  private @Nullable Member find(long nowNanos, MemberRef ref) {
    advanceTo(nowNanos);
    Room room = rooms.get(ref.room());
    return room == null || room.incarnation != ref.incarnation()
        ? null
        : room.memberNumbered(ref.member());
  }

  private Room room(MemberRef ref) {
    Room room = rooms.get(ref.room());
    if (room == null) {
      throw new IllegalStateException("a present member's room is gone: " + ref);
    }
    return room;
  }

  private void live(long nowNanos, Member member) {
    // The queue's entry is older and is put back when it comes up.
    member.deadlineNanos = nowNanos + expiryNanos;
  }

  private void tell(Member member, RoomEvent event) {
    member.mailbox.add(event);
    woken.add(member.ref);
  }

  private void end(Member member, LeaveReason reason) {
    Room room = room(member.ref);
    room.vacate(member);
    forget(room, member, reason);
    if (room.isEmpty()) {
      rooms.remove(room.name);
    }
  }

  private void forget(Room room, Member member, LeaveReason reason) {
    member.ended = true;
    woken.add(member.ref);
    membersByOwner.computeIfPresent(member.owner, (owner, count) -> count == 1 ? null : count - 1);
    for (Member other : room.present()) {
      tell(other, new RoomEvent.PeerLeft(member.asPeer(), reason));
      // Joining and leaving cannot be refused. Whoever lets others fill its mailbox with them
      // without ever reading is not there.
      if (other.mailbox.size() > 2 * limits.maxUnacknowledgedEvents()) {
        other.deadlineNanos = Long.MIN_VALUE;
        bringForward(other);
      }
    }
  }

  private static final class Member {
    final MemberRef ref;
    final String owner;
    final byte[] tokenHash;
    final Mailbox mailbox = new Mailbox();
    long acceptedId;
    long deadlineNanos;
    long queuedAtNanos;
    boolean ended;

    Member(MemberRef ref, String owner, byte[] tokenHash) {
      this.ref = ref;
      this.owner = owner;
      this.tokenHash = tokenHash;
    }

    Peer asPeer() {
      return new Peer(ref.slot(), ref.member());
    }
  }

  private static final class Room {
    final RoomName name;
    final long incarnation;
    final @Nullable Member[] slots;
    long nextMember = 1;

    Room(RoomName name, long incarnation, int capacity) {
      this.name = name;
      this.incarnation = incarnation;
      this.slots = new Member[capacity];
    }

    /** The lowest free slot, -1 when there is none. */
    int freeSlot() {
      for (int i = 0; i < slots.length; i++) {
        if (slots[i] == null) {
          return i;
        }
      }
      return -1;
    }

    void seat(Member member) {
      slots[member.ref.slot().index()] = member;
    }

    void vacate(Member member) {
      slots[member.ref.slot().index()] = null;
    }

    boolean isEmpty() {
      return present().isEmpty();
    }

    List<Member> present() {
      var present = new ArrayList<Member>(slots.length);
      for (Member member : slots) {
        if (member != null) {
          present.add(member);
        }
      }
      return present;
    }

    @Nullable Member memberNumbered(long number) {
      for (Member member : slots) {
        if (member != null && member.ref.member() == number) {
          return member;
        }
      }
      return null;
    }

    @Nullable Member memberOf(String token) {
      byte[] hash = Tokens.hash(token);
      Member found = null;
      // All slots are compared, so that the time does not tell which one came close.
      for (Member member : slots) {
        if (member != null && Tokens.equal(member.tokenHash, hash)) {
          found = member;
        }
      }
      return found;
    }
  }
}
