package hesuan.wire;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.deser.std.StdScalarDeserializer;
import com.fasterxml.jackson.databind.exc.InvalidNullException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.AnnotatedMember;
import com.fasterxml.jackson.databind.introspect.AnnotatedParameter;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import com.fasterxml.jackson.databind.type.LogicalType;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The one JSON of Hesuan. Reading is strict: no unknown or repeated field, no coercion, no trailing
 * bytes, bounded depth and size. Writing is canonical (RFC 8785): our documents hold strings,
 * booleans and integers within 2^53 only, which makes the scheme a few lines and leaves nothing to
 * number formatting.
 */
public final class Json {
  public static final int DOCUMENT_BYTES_MAX = 1 << 20;
  private static final int DEPTH_MAX = 32;
  private static final long INTEGER_MAX = (1L << 53) - 1;
  private static final ObjectMapper MAPPER = strict();

  private Json() {}

  /** A strict mapper for records; callers must not reconfigure it. */
  public static ObjectMapper mapper() {
    return MAPPER;
  }

  public static JsonNode tree(byte[] bytes) {
    if (bytes.length > DOCUMENT_BYTES_MAX) {
      throw new ProblemException(
          ErrorCode.TOO_LARGE,
          "document",
          "at most " + DOCUMENT_BYTES_MAX + " bytes",
          bytes.length + " bytes");
    }
    try {
      return MAPPER.readTree(bytes);
    } catch (JsonProcessingException e) {
      throw malformed(e);
    } catch (IOException e) {
      throw new ProblemException(
          ErrorCode.MALFORMED_DOCUMENT, "document", "UTF-8 JSON", "unreadable bytes");
    }
  }

  public static <T> T read(byte[] bytes, Class<T> type) {
    return read(tree(bytes), type);
  }

  public static <T> T read(String text, Class<T> type) {
    return read(text.getBytes(StandardCharsets.UTF_8), type);
  }

  public static <T> T read(JsonNode node, Class<T> type) {
    try {
      T value = MAPPER.treeToValue(node, type);
      if (value == null) {
        throw new ProblemException(
            ErrorCode.MISSING_FIELD, type.getSimpleName(), "an object", "null");
      }
      return value;
    } catch (JsonProcessingException e) {
      throw malformed(e);
    }
  }

  public static JsonNode node(Object document) {
    return document instanceof JsonNode node ? node : MAPPER.valueToTree(document);
  }

  public static byte[] canonical(Object document) {
    StringBuilder out = new StringBuilder(512);
    write(node(document), out, 0);
    return out.toString().getBytes(StandardCharsets.UTF_8);
  }

  public static String canonicalText(Object document) {
    return new String(canonical(document), StandardCharsets.UTF_8);
  }

  private static void write(JsonNode node, StringBuilder out, int depth) {
    if (depth > DEPTH_MAX) {
      throw new ProblemException(
          ErrorCode.TOO_LARGE, "document", "depth at most " + DEPTH_MAX, "deeper");
    }
    switch (node.getNodeType()) {
      case OBJECT -> writeObject(node, out, depth);
      case ARRAY -> {
        out.append('[');
        for (int i = 0; i < node.size(); i++) {
          if (i > 0) {
            out.append(',');
          }
          write(node.get(i), out, depth + 1);
        }
        out.append(']');
      }
      case STRING -> writeString(node.textValue(), out);
      case BOOLEAN -> out.append(node.booleanValue());
      case NUMBER -> writeInteger(node, out);
      case NULL -> out.append("null");
      case BINARY, MISSING, POJO ->
          throw new IllegalArgumentException("not a JSON value: " + node.getNodeType());
    }
  }

  private static void writeObject(JsonNode node, StringBuilder out, int depth) {
    List<String> names = new ArrayList<>();
    for (Iterator<String> it = node.fieldNames(); it.hasNext(); ) {
      names.add(it.next());
    }
    names.sort(null); // String order is UTF-16 code-unit order, as RFC 8785 3.2.3 asks
    out.append('{');
    boolean first = true;
    for (String name : names) {
      if (!first) {
        out.append(',');
      }
      first = false;
      writeString(name, out);
      out.append(':');
      write(node.get(name), out, depth + 1);
    }
    out.append('}');
  }

  private static void writeInteger(JsonNode node, StringBuilder out) {
    if (!node.isIntegralNumber()
        || !node.canConvertToLong()
        || Math.abs(node.longValue()) > INTEGER_MAX) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "number",
          "an integer within 2^53 (decimals are strings)",
          node.asText());
    }
    out.append(node.longValue());
  }

  private static void writeString(String text, StringBuilder out) {
    if (!Normalizer.isNormalized(text, Normalizer.Form.NFC)) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "text", "Unicode NFC", "another normal form");
    }
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\b' -> out.append("\\b");
        case '\f' -> out.append("\\f");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          if (c < 0x20) {
            out.append("\\u%04x".formatted((int) c));
          } else if (Character.isSurrogate(c)) {
            i = writePair(text, i, out);
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }

  private static int writePair(String text, int i, StringBuilder out) {
    if (!Character.isHighSurrogate(text.charAt(i))
        || i + 1 == text.length()
        || !Character.isLowSurrogate(text.charAt(i + 1))) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "text", "well-formed Unicode", "a lone surrogate");
    }
    out.append(text, i, i + 2);
    return i + 1;
  }

  private static ProblemException malformed(JsonProcessingException e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof ProblemException problem) {
        return problem;
      }
    }
    String at = e instanceof JsonMappingException mapping ? path(mapping) : "document";
    return switch (e) {
      case UnrecognizedPropertyException unknown ->
          new ProblemException(
              ErrorCode.UNKNOWN_FIELD,
              at,
              "one of " + unknown.getKnownPropertyIds(),
              unknown.getPropertyName());
      case InvalidNullException missing ->
          new ProblemException(ErrorCode.MISSING_FIELD, at, "a value", "null");
      case MismatchedInputException mismatch
          when mismatch.getOriginalMessage().startsWith("Missing required") ->
          new ProblemException(ErrorCode.MISSING_FIELD, at, "a value", "nothing");
      case MismatchedInputException mismatch ->
          new ProblemException(
              ErrorCode.WRONG_TYPE,
              at,
              mismatch.getTargetType() == null
                  ? "another type"
                  : mismatch.getTargetType().getSimpleName(),
              "a value of another type");
      default ->
          new ProblemException(
              ErrorCode.MALFORMED_DOCUMENT,
              e.getLocation() == null ? at : "line " + e.getLocation().getLineNr(),
              "JSON without repeated fields or trailing bytes",
              e.getOriginalMessage().lines().findFirst().orElse(""));
    };
  }

  private static String path(JsonMappingException e) {
    StringBuilder path = new StringBuilder();
    for (JsonMappingException.Reference reference : e.getPath()) {
      if (reference.getFieldName() != null) {
        path.append(path.isEmpty() ? "" : ".").append(reference.getFieldName());
      } else {
        path.append('[').append(reference.getIndex()).append(']');
      }
    }
    return path.isEmpty() ? "document" : path.toString();
  }

  /** A record's component must be there, and not null, unless its type says {@code @Nullable}. */
  private static final class RequiredUnlessNullable extends JacksonAnnotationIntrospector {
    private static final long serialVersionUID = 1L;

    @Override
    public @Nullable Boolean hasRequiredMarker(AnnotatedMember member) {
      return isRequired(member) ? Boolean.TRUE : super.hasRequiredMarker(member);
    }

    @Override
    public JsonSetter.Value findSetterInfo(Annotated annotated) {
      return isRequired(annotated)
          ? JsonSetter.Value.forValueNulls(Nulls.FAIL)
          : super.findSetterInfo(annotated);
    }

    private static boolean isRequired(Annotated annotated) {
      return annotated instanceof AnnotatedParameter parameter
          && parameter.getOwner().getAnnotated() instanceof Constructor<?> constructor
          && constructor.getDeclaringClass().isRecord()
          && !constructor
              .getParameters()[parameter.getIndex()]
              .getAnnotatedType()
              .isAnnotationPresent(Nullable.class);
    }
  }

  /** Dates and durations travel as ISO 8601 text, and only as that. */
  private static SimpleModule times() {
    SimpleModule module = new SimpleModule("hesuan-times");
    text(module, LocalDate.class, LocalDate::parse, "a date such as 2026-12-31");
    text(module, Duration.class, Duration::parse, "a duration such as PT30M");
    text(module, Instant.class, Instant::parse, "a time such as 2026-12-31T08:00:00Z");
    return module;
  }

  private static <T> void text(
      SimpleModule module, Class<T> type, Function<CharSequence, T> parse, String expected) {
    module.addSerializer(type, ToStringSerializer.instance);
    module.addDeserializer(
        type,
        new StdScalarDeserializer<T>(type) {
          private static final long serialVersionUID = 1L;

          @Override
          public T deserialize(JsonParser parser, DeserializationContext context)
              throws IOException {
            if (!parser.hasToken(JsonToken.VALUE_STRING)) {
              throw new ProblemException(
                  ErrorCode.WRONG_TYPE,
                  parser.currentName(),
                  expected,
                  parser.currentToken().name());
            }
            try {
              return parse.apply(parser.getText());
            } catch (DateTimeParseException e) {
              throw new ProblemException(
                  ErrorCode.WRONG_TYPE, parser.currentName(), expected, parser.getText());
            }
          }
        });
  }

  private static ObjectMapper strict() {
    ObjectMapper mapper =
        JsonMapper.builder()
            .enable(
                DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES,
                DeserializationFeature.FAIL_ON_TRAILING_TOKENS,
                DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY,
                DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES,
                DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .addModule(times())
            .annotationIntrospector(new RequiredUnlessNullable())
            .build();
    mapper
        .coercionConfigFor(LogicalType.Textual)
        .setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
        .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
        .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail);
    mapper
        .getFactory()
        .setStreamReadConstraints(
            StreamReadConstraints.builder()
                .maxNestingDepth(DEPTH_MAX)
                .maxDocumentLength(DOCUMENT_BYTES_MAX)
                .build());
    return mapper;
  }
}
