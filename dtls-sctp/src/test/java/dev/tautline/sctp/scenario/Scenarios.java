package dev.tautline.sctp.scenario;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The tests of the class are scenarios: the packet ladder of each is recorded, no two scenarios of
 * a run may have the same one, and a failure shows it with its seeds.
 *
 * <p>A test that exchanges no packet beyond {@code HandPeer.established()} is a test, but not a
 * scenario: it is not compared.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@ExtendWith(LadderExtension.class)
public @interface Scenarios {}
