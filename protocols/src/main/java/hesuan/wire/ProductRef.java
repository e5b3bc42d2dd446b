package hesuan.wire;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One version of a data product: {@code party/name@version}. */
public record ProductRef(PartyId party, String name, int version)
    implements Comparable<ProductRef> {
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_-]{0,39}");
  private static final Pattern TEXT = Pattern.compile("([^/@]+)/([^/@]+)@([1-9][0-9]{0,8})");

  public ProductRef {
    Names.check(NAME, "product", name);
    if (version < 1) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, "version", "at least 1", "" + version);
    }
  }

  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static ProductRef parse(String text) {
    Matcher m = TEXT.matcher(text);
    if (!m.matches()) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, "product", "party/name@version", text);
    }
    return new ProductRef(new PartyId(m.group(1)), m.group(2), Integer.parseInt(m.group(3)));
  }

  /** {@code party/name}: what a contract speaks of, whatever the version. */
  public String asset() {
    return party + "/" + name;
  }

  @Override
  public int compareTo(ProductRef other) {
    int byAsset = asset().compareTo(other.asset());
    return byAsset != 0 ? byAsset : Integer.compare(version, other.version);
  }

  @JsonValue
  @Override
  public String toString() {
    return asset() + "@" + version;
  }
}
