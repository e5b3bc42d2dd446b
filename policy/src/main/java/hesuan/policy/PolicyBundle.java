package hesuan.policy;

import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Compiled rules and the digest that names them; a file that differs from its digest is refused.
 */
public final class PolicyBundle {
  static final String ENTRYPOINT = "hesuan/decision";
  private static final long WASM_BYTES_MAX = 4 << 20;

  private final byte[] wasm;
  private final Digest digest;

  /**
   * @param sources digest of each Rego file, by name
   */
  record Manifest(
      String apiVersion,
      String engine,
      String entrypoint,
      Map<String, Digest> sources,
      Digest wasm) {}

  private PolicyBundle(byte[] wasm, Digest expected) {
    Digest found = Digest.of(wasm);
    if (!found.equals(expected)) {
      throw new ProblemException(
          ErrorCode.SIGNATURE_REFUSED, "policy bundle", expected.hex(), found.hex());
    }
    this.wasm = wasm;
    this.digest = found;
  }

  /** The rules that Hesuan ships. */
  public static PolicyBundle builtIn() {
    Manifest manifest = Json.read(resource("manifest.json"), Manifest.class);
    if (!manifest.entrypoint().equals(ENTRYPOINT)) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "policy bundle", ENTRYPOINT, manifest.entrypoint());
    }
    return new PolicyBundle(resource("policy.wasm"), manifest.wasm());
  }

  /** A party's own compiled rules; {@code expected} comes from where the party trusts it. */
  public static PolicyBundle load(Path wasm, Digest expected) {
    try {
      long size = Files.size(wasm);
      if (size > WASM_BYTES_MAX) {
        throw new ProblemException(
            ErrorCode.TOO_LARGE,
            "policy bundle",
            "at most " + WASM_BYTES_MAX + " bytes",
            "" + size);
      }
      return new PolicyBundle(Files.readAllBytes(wasm), expected);
    } catch (IOException e) {
      throw new ProblemException(
          ErrorCode.SOURCE_UNREADABLE, "policy bundle", "a readable file", wasm.toString());
    }
  }

  public Digest digest() {
    return digest;
  }

  byte[] wasm() {
    return wasm.clone();
  }

  private static byte[] resource(String name) {
    try (InputStream in = PolicyBundle.class.getResourceAsStream("/hesuan/policy/" + name)) {
      if (in == null) {
        throw new IllegalStateException("the jar lacks hesuan/policy/" + name);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new IllegalStateException("the jar cannot be read", e);
    }
  }
}
