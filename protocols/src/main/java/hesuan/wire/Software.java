package hesuan.wire;

/** What this program calls itself to its peers. */
public final class Software {
  public static final String NAME = "hesuan/0.1.0";

  private Software() {}
}
