package hesuan.aggregate;

import hesuan.wire.PartyId;

/** Checks a party's signature against the keys that the contract pins. */
@FunctionalInterface
public interface PartyVerifier {
  boolean verifies(PartyId party, byte[] message, byte[] signature);
}
