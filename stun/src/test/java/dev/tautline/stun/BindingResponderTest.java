package dev.tautline.stun;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.stun.attribute.ErrorCode;
import dev.tautline.stun.attribute.Octets;
import dev.tautline.stun.attribute.UnknownAttribute;
import dev.tautline.stun.attribute.UnknownAttributes;
import dev.tautline.stun.attribute.XorMappedAddress;
import dev.tautline.stun.codec.StunParser;
import dev.tautline.stun.codec.StunWriter;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.Test;

class BindingResponderTest {
  private static final InetSocketAddress FROM = new InetSocketAddress("192.0.2.9", 999);
  private static final TransactionId ID = new TransactionId(1, 2);

  private static byte[] answer(byte[] request) {
    return BindingResponder.respond(request, 0, request.length, FROM);
  }

  @Test
  void tellsTheSource() throws StunFormatException {
    byte[] answer =
        answer(new StunWriter(StunMessage.of(StunClass.REQUEST, StunMethod.BINDING, ID)).toBytes());
    var message = StunParser.parse(answer, 0, answer.length).message();
    assertThat(message.messageClass()).isEqualTo(StunClass.SUCCESS);
    assertThat(message.transactionId()).isEqualTo(ID);
    assertThat(message.first(XorMappedAddress.class)).contains(new XorMappedAddress(FROM));
  }

  @Test
  void answers420ToAnUnknownRequiredAttribute() throws StunFormatException {
    byte[] answer =
        answer(
            new StunWriter(
                    StunMessage.of(
                        StunClass.REQUEST,
                        StunMethod.BINDING,
                        ID,
                        new UnknownAttribute(0x7f02, Octets.EMPTY)))
                .toBytes());
    var message = StunParser.parse(answer, 0, answer.length).message();
    assertThat(message.first(ErrorCode.class)).contains(ErrorCode.of(420));
    assertThat(message.first(UnknownAttributes.class))
        .contains(new UnknownAttributes(List.of(0x7f02)));
  }

  @Test
  void givesNoAnswerToAnythingElse() {
    assertThat(answer(new byte[0])).isNull();
    assertThat(answer(new byte[20])).isNull();
    assertThat(
            answer(
                new StunWriter(StunMessage.of(StunClass.INDICATION, StunMethod.BINDING, ID))
                    .toBytes()))
        .isNull();
    assertThat(
            answer(
                new StunWriter(StunMessage.of(StunClass.REQUEST, StunMethod.ALLOCATE, ID))
                    .toBytes()))
        .isNull();
    assertThat(
            answer(
                new StunWriter(StunMessage.of(StunClass.SUCCESS, StunMethod.BINDING, ID))
                    .toBytes()))
        .isNull();
  }
}
