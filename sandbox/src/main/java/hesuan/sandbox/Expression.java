package hesuan.sandbox;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A scalar expression over named columns that holds nothing but what the allow-list names. DuckDB's
 * own parser reads the text, so there is no second grammar to differ from it; what runs is not the
 * text but {@link #sql()}, written anew from the tree, with every name quoted and every operation
 * in parentheses. Comments, further statements and parser tricks have no place in the tree, so they
 * do not survive.
 */
public final class Expression {
  private static final int TEXT_MAX = 4000;
  private static final int DEPTH_MAX = 40;
  private static final int NODES_MAX = 1000;

  /** Names that DuckDB gives to operators, and how each is written. */
  private static final Map<String, String> OPERATORS =
      Map.ofEntries(
          Map.entry("+", "+"),
          Map.entry("-", "-"),
          Map.entry("*", "*"),
          Map.entry("/", "/"),
          Map.entry("//", "//"),
          Map.entry("%", "%"),
          Map.entry("||", "||"),
          Map.entry("~~", "LIKE"),
          Map.entry("!~~", "NOT LIKE"),
          Map.entry("~~*", "ILIKE"),
          Map.entry("!~~*", "NOT ILIKE"));

  /**
   * Scalar, deterministic, and no larger in output than in input: nothing that repeats or pads
   * text, reads a clock, a setting, a file or the network, or draws random numbers.
   */
  private static final Set<String> FUNCTIONS =
      Set.of(
          "abs",
          "ceil",
          "floor",
          "round",
          "trunc",
          "sign",
          "sqrt",
          "ln",
          "log10",
          "mod",
          "greatest",
          "least",
          "lower",
          "upper",
          "trim",
          "ltrim",
          "rtrim",
          "length",
          "left",
          "right",
          "substr",
          "substring",
          "concat",
          "replace",
          "strip_accents",
          "contains",
          "starts_with",
          "ends_with",
          "prefix",
          "suffix",
          "like_escape",
          "not_like_escape",
          "regexp_matches",
          "regexp_full_match",
          "regexp_extract",
          "year",
          "quarter",
          "month",
          "week",
          "day",
          "hour",
          "dayofweek",
          "dayofyear",
          "date_part",
          "date_trunc",
          "date_diff",
          "strftime",
          "to_years",
          "to_months",
          "to_days",
          "to_hours",
          "nullif",
          "isnan",
          "isfinite");

  private static final Map<String, String> COMPARISONS =
      Map.of(
          "COMPARE_EQUAL", "=",
          "COMPARE_NOTEQUAL", "<>",
          "COMPARE_LESSTHAN", "<",
          "COMPARE_GREATERTHAN", ">",
          "COMPARE_LESSTHANOREQUALTO", "<=",
          "COMPARE_GREATERTHANOREQUALTO", ">=",
          "COMPARE_DISTINCT_FROM", "IS DISTINCT FROM",
          "COMPARE_NOT_DISTINCT_FROM", "IS NOT DISTINCT FROM");

  private static final Set<String> TYPES =
      Set.of(
          "BOOLEAN",
          "TINYINT",
          "SMALLINT",
          "INTEGER",
          "BIGINT",
          "FLOAT",
          "DOUBLE",
          "VARCHAR",
          "DATE",
          "TIME",
          "TIMESTAMP");

  private static final ObjectMapper MAPPER =
      JsonMapper.builder().build().copy(); // own limits: an expression nests deeper than a document

  static {
    MAPPER
        .getFactory()
        .setStreamReadConstraints(
            StreamReadConstraints.builder().maxNestingDepth(8 * DEPTH_MAX).build());
  }

  private final String sql;
  private final SortedSet<String> columns;

  private Expression(String sql, SortedSet<String> columns) {
    this.sql = sql;
    this.columns = Collections.unmodifiableSortedSet(columns);
  }

  /**
   * Throws {@code EXPRESSION_REFUSED} naming what is not on the list. Opens a DuckDB of its own for
   * the parse (some ten milliseconds).
   *
   * @param columns what the text may speak of; DuckDB compares names without case
   */
  public static Expression check(String text, Collection<String> columns) {
    if (text.length() > TEXT_MAX) {
      throw new ProblemException(
          ErrorCode.TOO_LARGE,
          "expression",
          "at most " + TEXT_MAX + " characters",
          "" + text.length());
    }
    if (text.isBlank() || text.chars().anyMatch(c -> c < ' ' && c != '\n' && c != '\t')) {
      throw refused("an expression without control characters", "empty text or control characters");
    }
    Writer writer = new Writer(columns);
    return new Expression(writer.expression(parse(text), 0), writer.used);
  }

  /** The text to run: a parenthesised DuckDB expression. */
  public String sql() {
    return sql;
  }

  /** The columns it reads, as the caller of {@link #check} spells them. */
  public SortedSet<String> columns() {
    return columns;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Expression that && sql.equals(that.sql);
  }

  @Override
  public int hashCode() {
    return sql.hashCode();
  }

  @Override
  public String toString() {
    return sql;
  }

  /** The tree of {@code SELECT (text)}, after making sure that there is nothing else around it. */
  private static JsonNode parse(String text) {
    String json;
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        PreparedStatement statement =
            connection.prepareStatement("SELECT json_serialize_sql(?::VARCHAR)")) {
      statement.setString(1, "SELECT (" + text + "\n)");
      try (ResultSet result = statement.executeQuery()) {
        result.next();
        json = result.getString(1);
      }
    } catch (SQLException e) {
      throw refused("a DuckDB expression", "text that the parser refuses");
    }
    JsonNode root;
    try {
      root = MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      throw refused("at most " + DEPTH_MAX + " levels", "deeper nesting");
    }
    if (root.path("error").asBoolean(true)) {
      throw refused("a DuckDB expression", root.path("error_message").asText("unreadable text"));
    }
    return onlyExpression(root);
  }

  private static JsonNode onlyExpression(JsonNode root) {
    JsonNode select = root.path("statements").path(0).path("node");
    boolean alone =
        root.path("statements").size() == 1
            && select.path("type").asText().equals("SELECT_NODE")
            && select.path("select_list").size() == 1
            && select.path("from_table").path("type").asText().equals("EMPTY")
            && isNothing(select.path("where_clause"))
            && isNothing(select.path("having"))
            && isNothing(select.path("qualify"))
            && isNothing(select.path("sample"))
            && isNothing(select.path("modifiers"))
            && isNothing(select.path("group_expressions"))
            && isNothing(select.path("cte_map").path("map"));
    if (!alone) {
      throw refused("one expression", "a statement");
    }
    return select.path("select_list").get(0);
  }

  private static boolean isNothing(JsonNode node) {
    return node.isMissingNode() || node.isNull() || (node.isContainerNode() && node.isEmpty());
  }

  private static ProblemException refused(String expected, String found) {
    return new ProblemException(ErrorCode.EXPRESSION_REFUSED, "expression", expected, found);
  }

  /** Writes the tree as text; a node that no method here knows is refused. */
  private static final class Writer {
    private final Map<String, String> columns = new HashMap<>();
    private final SortedSet<String> used = new TreeSet<>();
    private int nodes;

    Writer(Collection<String> columns) {
      columns.forEach(name -> this.columns.put(name.toLowerCase(Locale.ROOT), name));
    }

    String expression(JsonNode node, int depth) {
      if (depth > DEPTH_MAX || ++nodes > NODES_MAX) {
        throw refused(
            "at most " + DEPTH_MAX + " levels and " + NODES_MAX + " nodes", "a larger expression");
      }
      String kind = node.path("class").asText();
      return switch (kind) {
        case "COLUMN_REF" -> column(node.path("column_names"));
        case "CONSTANT" -> constant(node.path("value"));
        case "CAST" -> cast(node, depth);
        case "COMPARISON" -> comparison(node, depth);
        case "CONJUNCTION" -> conjunction(node, depth);
        case "BETWEEN" ->
            "(%s BETWEEN %s AND %s)"
                .formatted(
                    expression(node.path("input"), depth + 1),
                    expression(node.path("lower"), depth + 1),
                    expression(node.path("upper"), depth + 1));
        case "CASE" -> caseOf(node, depth);
        case "OPERATOR" -> operator(node, depth);
        case "FUNCTION" -> function(node, depth);
        case "SUBQUERY" -> throw refused("no subquery", "a subquery");
        case "WINDOW" -> throw refused("no window function", name(node));
        case "LAMBDA" -> throw refused("no lambda", "a lambda");
        case "STAR" -> throw refused("columns by name", "*");
        default -> throw refused("listed functions and operators", kind.toLowerCase(Locale.ROOT));
      };
    }

    private String column(JsonNode names) {
      String last = names.path(names.size() - 1).asText();
      String declared = columns.get(last.toLowerCase(Locale.ROOT));
      if (names.size() != 1 || declared == null) {
        List<String> path = new ArrayList<>();
        names.forEach(name -> path.add(name.asText()));
        throw refused(
            "one of the columns " + new TreeSet<>(columns.values()), String.join(".", path));
      }
      used.add(declared);
      return "\"" + declared.replace("\"", "\"\"") + "\"";
    }

    private static String constant(JsonNode value) {
      if (value.path("is_null").asBoolean()) {
        return "NULL";
      }
      JsonNode content = value.path("value");
      String type = value.path("type").path("id").asText();
      return switch (type) {
        case "VARCHAR" -> quoted(content.textValue());
        case "BOOLEAN" -> content.booleanValue() ? "TRUE" : "FALSE";
        case "TINYINT", "SMALLINT", "INTEGER", "BIGINT" -> "(" + content.longValue() + ")";
        case "DOUBLE" ->
            "CAST('" + new BigDecimal(Double.toString(content.doubleValue())) + "' AS DOUBLE)";
        case "DECIMAL" -> decimal(value.path("type").path("type_info"), content);
        default -> throw refused("text, a number, a truth value or NULL", type);
      };
    }

    private static String decimal(JsonNode info, JsonNode unscaled) {
      if (!unscaled.isIntegralNumber()) {
        throw refused("a decimal of at most 18 digits", "a longer one");
      }
      BigInteger digits = unscaled.bigIntegerValue();
      return "(" + new BigDecimal(digits, info.path("scale").asInt()).toPlainString() + ")";
    }

    private String cast(JsonNode node, int depth) {
      JsonNode type = node.path("cast_type");
      return "%s(%s AS %s)"
          .formatted(
              node.path("try_cast").asBoolean() ? "TRY_CAST" : "CAST",
              expression(node.path("child"), depth + 1),
              type(type.path("id").asText(), type.path("type_info")));
    }

    private static String type(String id, JsonNode info) {
      if (id.equals("DECIMAL") && info.path("type").asText().equals("DECIMAL_TYPE_INFO")) {
        return "DECIMAL(%d, %d)".formatted(info.path("width").asInt(), info.path("scale").asInt());
      }
      if (!TYPES.contains(id) || !isNothing(info)) {
        throw refused(
            "one of the types " + new TreeSet<>(TYPES) + " or DECIMAL",
            info.path("user_type_name").asText(id).toLowerCase(Locale.ROOT));
      }
      return id;
    }

    private String comparison(JsonNode node, int depth) {
      return "(%s %s %s)"
          .formatted(
              expression(node.path("left"), depth + 1),
              listed(COMPARISONS.get(node.path("type").asText()), node),
              expression(node.path("right"), depth + 1));
    }

    private String conjunction(JsonNode node, int depth) {
      String word = node.path("type").asText().equals("CONJUNCTION_AND") ? " AND " : " OR ";
      return "(" + String.join(word, children(node, depth)) + ")";
    }

    private String caseOf(JsonNode node, int depth) {
      StringBuilder out = new StringBuilder("CASE");
      for (JsonNode check : node.path("case_checks")) {
        out.append(" WHEN ").append(expression(check.path("when_expr"), depth + 1));
        out.append(" THEN ").append(expression(check.path("then_expr"), depth + 1));
      }
      JsonNode otherwise = node.path("else_expr");
      if (!isNothing(otherwise)) {
        out.append(" ELSE ").append(expression(otherwise, depth + 1));
      }
      return "(" + out.append(" END)");
    }

    private String operator(JsonNode node, int depth) {
      List<String> parts = children(node, depth);
      return switch (node.path("type").asText()) {
        case "OPERATOR_NOT" -> "(NOT " + parts.getFirst() + ")";
        case "OPERATOR_IS_NULL" -> "(" + parts.getFirst() + " IS NULL)";
        case "OPERATOR_IS_NOT_NULL" -> "(" + parts.getFirst() + " IS NOT NULL)";
        case "OPERATOR_COALESCE" -> "coalesce(" + String.join(", ", parts) + ")";
        case "COMPARE_IN" -> in("IN", parts);
        case "COMPARE_NOT_IN" -> in("NOT IN", parts);
        default -> throw refused("listed operators", name(node));
      };
    }

    private static String in(String word, List<String> parts) {
      return "(%s %s (%s))"
          .formatted(parts.getFirst(), word, String.join(", ", parts.subList(1, parts.size())));
    }

    private String function(JsonNode node, int depth) {
      String name = name(node);
      boolean plain =
          !node.path("distinct").asBoolean()
              && !node.path("export_state").asBoolean()
              && isNothing(node.path("filter"))
              && isNothing(node.path("order_bys").path("orders"))
              && node.path("catalog").asText().isEmpty()
              && Set.of("", "main").contains(node.path("schema").asText());
      if (!plain) {
        throw refused("a plain call", name);
      }
      String operator = OPERATORS.get(name);
      if (operator == null && !FUNCTIONS.contains(name)) {
        throw refused("one of the functions " + new TreeSet<>(FUNCTIONS), name);
      }
      List<String> parts = children(node, depth);
      if (operator == null) {
        return name + "(" + String.join(", ", parts) + ")";
      }
      return switch (parts.size()) {
        case 1 -> "(" + operator + " " + parts.getFirst() + ")";
        case 2 -> "(" + parts.getFirst() + " " + operator + " " + parts.getLast() + ")";
        default -> throw refused("one or two operands", name);
      };
    }

    private List<String> children(JsonNode node, int depth) {
      List<String> parts = new ArrayList<>();
      node.path("children").forEach(child -> parts.add(expression(child, depth + 1)));
      return parts;
    }

    private static String name(JsonNode node) {
      String function = node.path("function_name").asText();
      return function.isEmpty() ? node.path("type").asText() : function;
    }

    private static String listed(@Nullable String operator, JsonNode node) {
      if (operator == null) {
        throw refused("listed operators", name(node));
      }
      return operator;
    }

    private static String quoted(String text) {
      return "'" + text.replace("'", "''") + "'";
    }
  }
}
