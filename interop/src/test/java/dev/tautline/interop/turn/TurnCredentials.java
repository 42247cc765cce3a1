package dev.tautline.interop.turn;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What a server with {@code --use-auth-secret} takes: a name that ends with its time, and a
 * password made of both by the secret.
 */
public record TurnCredentials(String username, String password) {
  /** Good until then. */
  public static TurnCredentials until(Instant end, String secret) {
    String username = end.getEpochSecond() + ":tautline";
    try {
      Mac mac = Mac.getInstance("HmacSHA1");
      mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA1"));
      byte[] password = mac.doFinal(username.getBytes(StandardCharsets.UTF_8));
      return new TurnCredentials(username, Base64.getEncoder().encodeToString(password));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Good for an hour. */
  public static TurnCredentials of(String secret) {
    return until(Instant.now().plusSeconds(3600), secret);
  }
}
