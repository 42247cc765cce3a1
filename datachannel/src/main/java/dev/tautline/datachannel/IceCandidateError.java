package dev.tautline.datachannel;

/**
 * A server gave no candidate: the W3C's icecandidateerror.
 *
 * @param url the server's URL
 * @param errorCode the STUN error code, 701 when the server could not be reached
 * @param errorText what the server or we say about it
 */
public record IceCandidateError(String url, int errorCode, String errorText) {}
