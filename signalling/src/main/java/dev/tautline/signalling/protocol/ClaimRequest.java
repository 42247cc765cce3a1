package dev.tautline.signalling.protocol;

import org.jspecify.annotations.Nullable;

/**
 * The body of a claim.
 *
 * @param resume the token of a former claim whose slot is wanted again, or null
 */
public record ClaimRequest(@Nullable String resume) {}
