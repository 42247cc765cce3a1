package dev.tautline.ice;

/**
 * One generation of credentials; each restart begins another (RFC 8445 section 9).
 *
 * @param number 1 for the first, one more with each restart
 * @param localUfrag our user name fragment
 * @param remoteUfrag the peer's
 */
public record IceGeneration(int number, String localUfrag, String remoteUfrag) {}
