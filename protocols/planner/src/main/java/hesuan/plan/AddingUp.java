package hesuan.plan;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NumericNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.math.BigDecimal;
import java.util.List;
import java.util.stream.StreamSupport;

/** What the templates of secure sums have in common: how addends meet, and whole numbers. */
final class AddingUp {
  /** With fewer each would learn the other's figure. */
  static final int OWNERS_MIN = 3;

  static final String MASKED = "masked";
  static final String TWO_AGGREGATORS = "twoAggregators";

  /** So that the distance of two ends has no more than 53 bits. */
  private static final BigDecimal FIGURE_MAX = new BigDecimal("4000000000000000");

  private AddingUp() {}

  /** Writes the mode, and the aggregators that it needs. */
  static String mode(Fields fields, ObjectNode parameters) {
    String mode = fields.oneOf("mode", MASKED, List.of(MASKED, TWO_AGGREGATORS));
    parameters.put("mode", mode);
    if (mode.equals(TWO_AGGREGATORS)) {
      named(fields).forEach(parameters.putArray("aggregators")::add);
    } else if (fields.has("aggregators")) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          fields.path("aggregators"),
          "nothing with mode " + MASKED,
          "aggregators");
    }
    return mode;
  }

  private static List<String> named(Fields fields) {
    List<String> names = fields.distinctTexts("aggregators");
    if (names.size() != 2) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, fields.path("aggregators"), "two parties", "" + names.size());
    }
    for (int i = 0; i < names.size(); i++) {
      Fields.parsed(names.get(i), fields.path("aggregators") + "[" + i + "]", PartyId::new);
    }
    return names;
  }

  static List<PartyId> aggregators(ObjectNode parameters) {
    return StreamSupport.stream(parameters.path("aggregators").spliterator(), false)
        .map(a -> new PartyId(a.textValue()))
        .toList();
  }

  static List<String> keys(ObjectNode parameters) {
    return StreamSupport.stream(parameters.path("keys").spliterator(), false)
        .map(k -> k.textValue())
        .toList();
  }

  /** Writes both ends. */
  static void bounds(Fields fields, ObjectNode parameters) {
    long lower = whole(fields, "lower");
    long upper = whole(fields, "upper");
    if (upper <= lower) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, fields.path("upper"), "more than lower, " + lower, "" + upper);
    }
    parameters.set("lower", number(lower));
    parameters.set("upper", number(upper));
  }

  /** As a reader of the document would have it, so that copies are equal. */
  static NumericNode number(long number) {
    return (int) number == number
        ? JsonNodeFactory.instance.numberNode((int) number)
        : JsonNodeFactory.instance.numberNode(number);
  }

  private static long whole(Fields fields, String name) {
    fields.required(name);
    return whole(
        fields.decimal(name, "0", FIGURE_MAX.negate().toPlainString(), FIGURE_MAX.toPlainString()),
        fields.path(name));
  }

  /** A whole number up to 4 x 10^15 either way. */
  static long whole(BigDecimal number, String at) {
    try {
      if (number.abs().compareTo(FIGURE_MAX) <= 0) {
        return number.longValueExact();
      }
    } catch (ArithmeticException e) {
      // said below
    }
    throw new ProblemException(
        ErrorCode.INVALID_VALUE,
        at,
        "a whole number up to " + FIGURE_MAX.toPlainString(),
        number.toPlainString());
  }
}
