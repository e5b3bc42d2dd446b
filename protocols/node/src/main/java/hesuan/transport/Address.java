package hesuan.transport;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.net.InetSocketAddress;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where a node listens: a host name or IP address, and a port. */
public record Address(String host, int port) {
  private static final Pattern SHAPE =
      Pattern.compile("(?:([A-Za-z0-9.-]{1,253})|\\[([0-9a-fA-F:.]{2,45})\\]):([0-9]{1,5})");

  public Address {
    if (host.isBlank() || port < 0 || port > 65_535) {
      throw refused(host + ":" + port);
    }
  }

  public static Address parse(String text) {
    Matcher matcher = SHAPE.matcher(text);
    if (!matcher.matches()) {
      throw refused(text);
    }
    String name = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
    return new Address(name, Integer.parseInt(matcher.group(3)));
  }

  private static ProblemException refused(String found) {
    return new ProblemException(
        ErrorCode.INVALID_VALUE, "address", "host:port or [IPv6]:port", found);
  }

  /** Resolved now; a name may stand for another machine next time. */
  public InetSocketAddress resolve() {
    return new InetSocketAddress(host, port);
  }

  /** Why nothing can listen here, for people: mostly that another process does. */
  public ProblemException notListening(Throwable cause) {
    Throwable first = cause;
    while (first.getCause() != null) {
      first = first.getCause();
    }
    return new ProblemException(
        ErrorCode.ENVIRONMENT,
        toString(),
        "an address of this machine on which nobody listens yet",
        String.valueOf(first.getMessage()));
  }

  @Override
  public String toString() {
    return host.contains(":") ? "[" + host + "]:" + port : host + ":" + port;
  }
}
