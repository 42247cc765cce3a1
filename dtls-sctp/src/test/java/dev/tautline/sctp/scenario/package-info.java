/**
 * Scenarios of whole associations, and what watches over them: each test's packet ladder is
 * recorded, printed when the test fails, and must be no other test's.
 *
 * <p>A scenario is a test method named as a sentence in a class with {@link
 * dev.tautline.sctp.scenario.Scenarios}. It plays the peer by hand ({@link
 * dev.tautline.sctp.HandPeer}) or joins two associations ({@link dev.tautline.sctp.SctpSim}); both
 * write into the ladder by themselves. Seeds come from {@link dev.tautline.sctp.scenario.Seeds}, so
 * that repeated runs differ.
 */
package dev.tautline.sctp.scenario;
