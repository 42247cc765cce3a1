/**
 * The states of an association and its procedures, one file each; joins the sending and the
 * receiving half. Public only for {@link dev.tautline.sctp.Association}.
 */
@NullMarked
package dev.tautline.sctp.association;

import org.jspecify.annotations.NullMarked;
