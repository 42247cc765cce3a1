/**
 * One connection: ports, pending calls, served calls, deadlines and limits. Joins frames, tables
 * and values; the only package that holds state. Public only for the facade.
 */
@NullMarked
package dev.tautline.rpc.session;

import org.jspecify.annotations.NullMarked;
