package dev.tautline.dtls.engine;

/**
 * One record of a flight as it was before protection, so that it can be sent again under a new
 * number.
 *
 * @param type the content type
 * @param epoch 0: plaintext, 1: sealed
 * @param plaintext the fragment
 */
@SuppressWarnings("ArrayRecordComponent") // Kept to be sent, never compared.
record FlightRecord(int type, int epoch, byte[] plaintext) {}
