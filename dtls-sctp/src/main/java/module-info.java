/** DTLS 1.2 and SCTP for data channels: state machines over bytes, without sockets. */
module dev.tautline.dtls.sctp {
  requires transitive dev.tautline.base;
  requires static transitive org.jspecify;
  requires org.bouncycastle.pkix;
  requires org.bouncycastle.provider;
  requires org.bouncycastle.tls;

  exports dev.tautline.dtls;
  exports dev.tautline.sctp;
}
