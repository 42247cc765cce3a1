package dev.tautline.stun.turn;

import dev.tautline.stun.IntegrityKey;
import dev.tautline.stun.StunMessage;
import dev.tautline.stun.attribute.Nonce;
import dev.tautline.stun.attribute.Octets;
import dev.tautline.stun.attribute.PasswordAlgorithm;
import dev.tautline.stun.attribute.PasswordAlgorithms;
import dev.tautline.stun.attribute.Realm;
import dev.tautline.stun.attribute.StunAttribute;
import dev.tautline.stun.attribute.UserHash;
import dev.tautline.stun.attribute.Username;
import dev.tautline.stun.codec.ReceivedStun;
import dev.tautline.stun.codec.StunWriter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The long-term credentials of one server, RFC 8489 section 9.2. */
final class LongTermAuth {
  /** What a challenge (401 or 438) asks for. */
  enum Challenge {
    /** Requests can be signed now. */
    TAKEN,
    /** It lacks realm or nonce, or names no algorithm that is known. */
    UNUSABLE,
    /** The nonce announces what the message lacks: somebody took it away, so it does not count. */
    BID_DOWN
  }

  /** Section 9.2.1: a nonce that begins so tells what the server can. */
  private static final String NONCE_COOKIE = "obMatJos2";

  private static final int FEATURES_LENGTH = 4;
  private static final int PASSWORD_ALGORITHMS_BIT = 1 << 23;
  private static final int USERNAME_ANONYMITY_BIT = 1 << 22;

  private final TurnCredentials credentials;
  private @Nullable Realm realm;
  private @Nullable Nonce nonce;
  private @Nullable IntegrityKey key;
  private @Nullable PasswordAlgorithms offered;
  private PasswordAlgorithms.@Nullable Entry chosen;
  private boolean anonymous;

  LongTermAuth(TurnCredentials credentials) {
    this.credentials = credentials;
  }

  /** Whether requests can be signed. */
  boolean isReady() {
    return key != null;
  }

  /** Takes realm, nonce and algorithms of an error response. */
  Challenge challenged(StunMessage message) {
    Optional<Realm> newRealm = message.first(Realm.class);
    Optional<Nonce> newNonce = message.first(Nonce.class);
    if (newNonce.isEmpty() || newRealm.isEmpty() && realm == null) {
      return Challenge.UNUSABLE;
    }
    int features = features(newNonce.get().nonce());
    Optional<PasswordAlgorithms> algorithms = message.first(PasswordAlgorithms.class);
    PasswordAlgorithms.Entry choice = null;
    if ((features & PASSWORD_ALGORITHMS_BIT) != 0) {
      if (algorithms.isEmpty()) {
        return Challenge.BID_DOWN;
      }
      choice = best(algorithms.get());
      if (choice == null) {
        return Challenge.UNUSABLE;
      }
    }
    Realm used = newRealm.orElse(realm);
    if (used == null) {
      return Challenge.UNUSABLE;
    }
    realm = used;
    nonce = newNonce.get();
    offered = choice == null ? null : algorithms.get();
    chosen = choice;
    anonymous = (features & USERNAME_ANONYMITY_BIT) != 0;
    key =
        choice != null && choice.algorithm() == PasswordAlgorithms.SHA_256
            ? IntegrityKey.longTermSha256(
                credentials.username(), used.realm(), credentials.password())
            : IntegrityKey.longTermMd5(
                credentials.username(), used.realm(), credentials.password());
    return Challenge.TAKEN;
  }

  private static PasswordAlgorithms.@Nullable Entry best(PasswordAlgorithms algorithms) {
    for (PasswordAlgorithms.Entry entry : algorithms.entries()) {
      boolean known =
          entry.algorithm() == PasswordAlgorithms.SHA_256
              || entry.algorithm() == PasswordAlgorithms.MD5;
      if (known && entry.parameters().length() == 0) {
        return entry;
      }
    }
    return null;
  }

  /** The 24 bits behind the cookie, the first as the highest; 0 without a cookie. */
  private static int features(String nonce) {
    if (!nonce.startsWith(NONCE_COOKIE)
        || nonce.length() < NONCE_COOKIE.length() + FEATURES_LENGTH) {
      return 0;
    }
    try {
      byte[] bits =
          Base64.getDecoder()
              .decode(
                  nonce.substring(NONCE_COOKIE.length(), NONCE_COOKIE.length() + FEATURES_LENGTH));
      return bits.length < 3 ? 0 : (bits[0] & 0xff) << 16 | (bits[1] & 0xff) << 8 | bits[2] & 0xff;
    } catch (IllegalArgumentException e) {
      // No base 64: the server's nonce begins with the cookie by chance, so it announces nothing.
      return 0;
    }
  }

  /** The message with credentials and integrity. */
  byte[] sign(StunMessage message) {
    Realm usedRealm = realm;
    Nonce usedNonce = nonce;
    IntegrityKey usedKey = key;
    if (usedRealm == null || usedNonce == null || usedKey == null) {
      throw new IllegalStateException("there was no challenge");
    }
    List<StunAttribute> attributes = new ArrayList<>(message.attributes());
    attributes.add(
        anonymous
            ? new UserHash(
                Octets.of(IntegrityKey.userHash(credentials.username(), usedRealm.realm())))
            : new Username(credentials.username()));
    attributes.add(usedRealm);
    attributes.add(usedNonce);
    if (chosen != null && offered != null) {
      // Section 9.2.4: both come back, so that the server sees what reached us.
      attributes.add(offered);
      attributes.add(new PasswordAlgorithm(chosen));
    }
    var writer =
        new StunWriter(
            new StunMessage(
                message.messageClass(), message.method(), message.transactionId(), attributes));
    return (chosen != null ? writer.withIntegritySha256(usedKey) : writer.withIntegrity(usedKey))
        .toBytes();
  }

  /** Whether a response has the integrity that our requests have. */
  boolean isAuthentic(ReceivedStun received) {
    IntegrityKey usedKey = key;
    if (usedKey == null) {
      return false;
    }
    ReceivedStun.Integrity integrity =
        chosen != null
            ? received.verifyIntegritySha256(usedKey)
            : received.verifyIntegrity(usedKey);
    return integrity == ReceivedStun.Integrity.VALID;
  }
}
