/**
 * What a peer may reach: immutable tables from names to members, built once when an object is
 * exposed. No reflection happens on behalf of a message, and a name that is not in a table does not
 * exist.
 */
@NullMarked
package dev.tautline.rpc.expose;

import org.jspecify.annotations.NullMarked;
