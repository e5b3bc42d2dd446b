package hesuan.transport;

/** Signs with this party's signing keys, the ones that contracts pin. */
public interface HelloSigner {
  byte[] sign(byte[] message);
}
