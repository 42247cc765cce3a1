/** STUN messages, transactions as state machines, and a small client and server on Netty. */
module dev.tautline.stun {
  requires static transitive org.jspecify;
  requires transitive dev.tautline.base;
  requires transitive io.netty.transport;
  requires io.netty.buffer;
  requires io.netty.common;
  requires org.slf4j;

  exports dev.tautline.stun;
  exports dev.tautline.stun.attribute;
  exports dev.tautline.stun.codec;
  exports dev.tautline.stun.discovery;
  exports dev.tautline.stun.netty;
  exports dev.tautline.stun.turn;
}
