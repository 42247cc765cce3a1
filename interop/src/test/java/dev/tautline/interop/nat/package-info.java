/**
 * The NAT laboratory: network namespaces with nftables, one kind of network each, and two of our
 * peers in them.
 */
@NullMarked
package dev.tautline.interop.nat;

import org.jspecify.annotations.NullMarked;
