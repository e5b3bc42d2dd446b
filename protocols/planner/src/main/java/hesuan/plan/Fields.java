package hesuan.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * The fields of one object of a document, read by name and type; every problem names its path, what
 * was expected and what was found.
 */
public final class Fields {
  private static final int LIST_MAX = 1000;
  private final JsonNode object;
  private final String path;

  private Fields(JsonNode object, String path) {
    this.object = object;
    this.path = path;
  }

  /** Refuses a node that is not an object, and fields other than those. */
  public static Fields of(JsonNode node, String path, String... allowed) {
    if (!node.isObject()) {
      throw new ProblemException(
          ErrorCode.WRONG_TYPE, path.isEmpty() ? "document" : path, "an object", found(node));
    }
    List<String> names = Arrays.asList(allowed);
    for (Iterator<String> it = node.fieldNames(); it.hasNext(); ) {
      String name = it.next();
      if (!names.contains(name)) {
        throw new ProblemException(
            ErrorCode.UNKNOWN_FIELD,
            path.isEmpty() ? "document" : path,
            names.isEmpty() ? "no field" : "one of " + names,
            name);
      }
    }
    return new Fields(node, path);
  }

  /** Any fields: for whoever reads it with {@link #only}. */
  public static Fields anyOf(JsonNode node, String path) {
    if (!node.isObject()) {
      throw new ProblemException(ErrorCode.WRONG_TYPE, path, "an object", found(node));
    }
    return new Fields(node, path);
  }

  /** The same object, with another set of allowed fields: for whoever knows them only now. */
  public Fields only(String... allowed) {
    return of(object, path, allowed);
  }

  public String path(String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  /** Null counts as a value, of the wrong type: what is not meant is left out. */
  public boolean has(String name) {
    return object.has(name);
  }

  public JsonNode required(String name) {
    if (!has(name)) {
      throw new ProblemException(ErrorCode.MISSING_FIELD, path(name), "a value", "nothing");
    }
    return object.get(name);
  }

  public Fields object(String name, String... allowed) {
    return of(required(name), path(name), allowed);
  }

  /** The object of that name, or an empty one. */
  public Fields objectOrEmpty(String name, String... allowed) {
    return has(name)
        ? object(name, allowed)
        : of(JsonNodeFactory.instance.objectNode(), path(name), allowed);
  }

  /** Any fields: for values that someone else reads with {@link #only}. */
  public Fields objectOfAnyFields(String name) {
    if (!has(name)) {
      return new Fields(JsonNodeFactory.instance.objectNode(), path(name));
    }
    return anyOf(required(name), path(name));
  }

  public List<String> names() {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  public String text(String name) {
    return asText(required(name), path(name));
  }

  public String text(String name, String otherwise) {
    return has(name) ? text(name) : otherwise;
  }

  public Optional<String> optionalText(String name) {
    return has(name) ? Optional.of(text(name)) : Optional.empty();
  }

  public String textLike(String name, Pattern shape, String expected) {
    String value = text(name);
    if (!shape.matcher(value).matches()) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, path(name), expected, value);
    }
    return value;
  }

  public String oneOf(String name, String otherwise, List<String> values) {
    String value = text(name, otherwise);
    if (!values.contains(value)) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, path(name), "one of " + values, value);
    }
    return value;
  }

  /** A value that parses itself; its problem is told with this field's path. */
  public <T> T parsed(String name, Function<String, T> parse) {
    return parsed(text(name), path(name), parse);
  }

  public int integer(String name, int otherwise, int min, int max) {
    return has(name) ? integer(name, min, max) : otherwise;
  }

  public int integer(String name, int min, int max) {
    JsonNode node = required(name);
    if (!node.isIntegralNumber()) {
      throw new ProblemException(ErrorCode.WRONG_TYPE, path(name), "an integer", found(node));
    }
    if (!node.canConvertToInt() || node.intValue() < min || node.intValue() > max) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, path(name), min + " to " + max, node.asText());
    }
    return node.intValue();
  }

  /** A decimal, written as a number or as text; never by way of binary floating point. */
  public BigDecimal decimal(String name, String otherwise, String min, String max) {
    BigDecimal value = has(name) ? asDecimal(object.get(name), name) : new BigDecimal(otherwise);
    if (value.compareTo(new BigDecimal(min)) < 0 || value.compareTo(new BigDecimal(max)) > 0) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, path(name), min + " to " + max, plain(value));
    }
    return value;
  }

  private BigDecimal asDecimal(JsonNode node, String name) {
    if (!node.isNumber() && !node.isTextual()) {
      throw new ProblemException(
          ErrorCode.WRONG_TYPE, path(name), "a decimal such as 0.5", found(node));
    }
    String text = node.isTextual() ? node.textValue() : node.decimalValue().toString();
    try {
      BigDecimal value = text.length() > 40 ? null : new BigDecimal(text);
      if (value != null && Math.abs((long) value.scale()) <= 40) {
        return value;
      }
    } catch (NumberFormatException e) {
      // said below, as for a text that is too long
    }
    throw new ProblemException(ErrorCode.WRONG_TYPE, path(name), "a decimal such as 0.5", text);
  }

  public List<String> texts(String name) {
    return list(name, Fields::asText);
  }

  public <T> List<T> list(String name, BiFunction<JsonNode, String, T> element) {
    return elements(required(name), path(name), element);
  }

  public static <T> List<T> elements(
      JsonNode node, String path, BiFunction<JsonNode, String, T> element) {
    if (!node.isArray()) {
      throw new ProblemException(ErrorCode.WRONG_TYPE, path, "a list", found(node));
    }
    if (node.isEmpty() || node.size() > LIST_MAX) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, path, "1 to " + LIST_MAX + " elements", "" + node.size());
    }
    List<T> list = new ArrayList<>();
    for (int i = 0; i < node.size(); i++) {
      list.add(element.apply(node.get(i), path + "[" + i + "]"));
    }
    return List.copyOf(list);
  }

  /** As {@link #texts}, each once. */
  public List<String> distinctTexts(String name) {
    List<String> texts = texts(name);
    for (int i = 0; i < texts.size(); i++) {
      if (texts.indexOf(texts.get(i)) < i) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE, path(name) + "[" + i + "]", "each value once", texts.get(i));
      }
    }
    return texts;
  }

  static String asText(JsonNode node, String at) {
    if (!node.isTextual()) {
      throw new ProblemException(ErrorCode.WRONG_TYPE, at, "text", found(node));
    }
    if (node.textValue().isBlank()) {
      throw new ProblemException(ErrorCode.INVALID_VALUE, at, "text", "an empty text");
    }
    return node.textValue();
  }

  static <T> T parsed(String text, String at, Function<String, T> parse) {
    try {
      return parse.apply(text);
    } catch (ProblemException e) {
      throw new ProblemException(
          e.problem().code(), at, e.problem().expected(), e.problem().found());
    }
  }

  static String plain(BigDecimal value) {
    BigDecimal stripped = value.stripTrailingZeros();
    return (stripped.scale() < 0 ? stripped.setScale(0) : stripped).toPlainString();
  }

  static ObjectNode newObject() {
    return JsonNodeFactory.instance.objectNode();
  }

  private static String found(JsonNode node) {
    return switch (node.getNodeType()) {
      case OBJECT -> "an object";
      case ARRAY -> "a list";
      case NULL, MISSING -> "nothing";
      case STRING, NUMBER, BOOLEAN -> node.asText();
      case BINARY, POJO -> "another value";
    };
  }
}
