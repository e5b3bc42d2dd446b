/**
 * Oblivious key-value stores: a vector that gives the encoded value for each encoded key, looks
 * random, and does not show which keys went in.
 */
@org.jspecify.annotations.NullMarked
package hesuan.okvs;
