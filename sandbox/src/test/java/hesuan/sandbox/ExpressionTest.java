package hesuan.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.ErrorCode;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ExpressionTest {
  private static final List<String> COLUMNS = List.of("city", "age", "Paid", "day", "odd \"name");

  private static final String ROW =
      "(SELECT 'Shanghai' AS city, 41 AS age, 12.50 AS \"Paid\", DATE '2026-11-21' AS day,"
          + " 7 AS \"odd \"\"name\")";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "city = 'Shanghai' AND age > 18",
        "lower(city) LIKE 'shang%' AND city NOT LIKE 'x!%' ESCAPE '!'",
        "city ILIKE 'SHANG%' OR city NOT ILIKE 'q%'",
        "CASE WHEN age IS NULL THEN 0 WHEN age >= 40 THEN 2 ELSE age + 1 END",
        "CASE city WHEN 'Shanghai' THEN 1 END",
        "age::DOUBLE / 3",
        "CAST(paid AS DECIMAL(18,2)) * 1.5",
        "TRY_CAST(city AS INTEGER) IS NULL",
        "city IN ('Shanghai', 'Beijing') AND age NOT IN (1, 2)",
        "age BETWEEN 1 AND 50",
        "NOT (age = 41 OR age = 42)",
        "-age + (-3) - 2",
        "age // 2 + age % 5",
        "coalesce(age, 0) + abs(-4) + greatest(age, 2)",
        "city IS DISTINCT FROM 'x'",
        "regexp_matches(city, '^S')",
        "city || '-' || substring(city, 1, 2)",
        "city[1:2] IS NOT NULL OR TRUE",
        "date_trunc('month', day)",
        "extract(year FROM day) + year(day)",
        "day + INTERVAL 1 DAY > DATE '2026-01-01'",
        "\"odd \"\"name\" + 1",
        "'it''s' || '\\' || '上海'",
        "1e300 + 0.1 + 1234567890123",
        "if(age > 3, 'old', 'young')",
        "CITY = 'Shanghai' -- a comment has no place in the tree\n",
        "length(city) /* nor this */ > 2"
      })
  void check_ofListedExpression_keepsItsMeaning(String text) throws SQLException {
    if (text.contains("[1:2]")) {
      assertRefused(text, "ARRAY_SLICE");
      return;
    }
    Expression checked = Expression.check(text, COLUMNS);
    assertEquals(value(text), value(checked.sql()), checked.sql());
    assertEquals(checked, Expression.check(checked.sql(), COLUMNS), "written anew, read alike");
  }

  @Test
  void columns_areTheOnesRead_asDeclared() {
    assertEquals(
        Set.of("Paid", "city"),
        Expression.check("paid > 1 AND CITY = 'x' AND PAID < 3", COLUMNS).columns());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "getenv('HOME')|getenv",
        "current_setting('threads')|current_setting",
        "(SELECT 1)|subquery",
        "age IN (SELECT 1)|subquery",
        "EXISTS (SELECT 1 FROM duckdb_settings())|subquery",
        "age > ALL (SELECT 1)|subquery",
        "(SELECT city FROM read_csv('/etc/passwd'))|subquery",
        "read_text('/etc/passwd')|read_text",
        "read_csv('/etc/passwd')|read_csv",
        "read_blob('/etc/passwd')|read_blob",
        "list_transform([1, 2], x -> x + 1)|list_transform",
        "lambda x: x|lambda",
        "sum(age)|sum",
        "count(*)|count",
        "row_number() OVER ()|row_number",
        "random()|random",
        "now()|now",
        "CURRENT_DATE|CURRENT_DATE",
        "current_user|current_user",
        "nextval('s')|nextval",
        "repeat(city, 1000000000)|repeat",
        "lpad(city, 1000000000, 'x')|lpad",
        "range(1000000000)|range",
        "'x'::JSON|json",
        "CAST(city AS STRUCT(x INTEGER))|struct",
        "age::INTEGER[]|list",
        "{'a': age}|struct_pack",
        "[age]|list_value",
        "age COLLATE NOCASE|collate",
        "?|parameter",
        "$1|parameter",
        "#1|positional_reference",
        "*|*",
        "COLUMNS('.*')|*",
        "DEFAULT|default",
        "other.city|other.city",
        "password|password",
        "rowid|rowid",
        "pg_catalog.lower(city)|lower",
        "lower(DISTINCT city)|lower",
        "city; DROP TABLE x|syntax error",
        "city; COPY x TO '/tmp/x'|syntax error",
        "1) FROM read_csv('/etc/passwd') WHERE (true|statement",
        "1) FROM read_csv('/etc/passwd') --|syntax error",
        "1), (2|statement",
        "1) UNION SELECT (2|statement",
        "1) ORDER BY (1|statement",
        "1) LIMIT (1|statement",
        "1, 2|row",
        "COPY x TO 'y'|syntax error",
        "ATTACH 'x'|attach",
        "PRAGMA version|syntax error",
        "INSTALL httpfs|syntax error",
        "SET threads = 1|syntax error",
        "age AS x|syntax error",
        "100000000000000000000|HUGEINT",
        "'unfinished|unterminated",
        "age +|syntax error",
        "query('SELECT 1')|query",
        "query_table('x')|query_table",
        "getvariable('x')|getvariable",
        "write_log('x')|write_log",
        "error('x')|error",
        "age ** 100|**"
      })
  void check_ofAttack_isRefusedAndNamed(String text, String named) {
    assertRefused(text, named);
  }

  @ParameterizedTest
  @ValueSource(ints = {50, 1000, 1990})
  void check_ofDeepNesting_isRefused(int depth) {
    for (String text :
        List.of(
            "abs(".repeat(Math.min(depth, 799)) + "1" + ")".repeat(Math.min(depth, 799)),
            "- ".repeat(depth) + "age",
            "1" + "+1".repeat(depth))) {
      assertRefused(text, "");
    }
  }

  @Test
  void check_ofLongOrUnprintableText_isRefused() {
    ProblemException e =
        assertThrows(
            ProblemException.class, () -> Expression.check("1 + " + "1".repeat(4000), COLUMNS));
    assertEquals(ErrorCode.TOO_LARGE, e.problem().code());
    assertRefused("", "empty");
    assertRefused("age\u0000", "control");
  }

  private static void assertRefused(String text, String named) {
    Problem problem =
        assertThrows(
                ProblemException.class,
                () -> {
                  Expression passed = Expression.check(text, COLUMNS);
                  throw new AssertionError("passed as " + passed);
                })
            .problem();
    assertEquals(ErrorCode.EXPRESSION_REFUSED, problem.code());
    assertTrue(problem.found().contains(named), () -> text + " -> " + problem.found());
  }

  private static String value(String expression) throws SQLException {
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = connection.createStatement();
        ResultSet result =
            statement.executeQuery("SELECT (" + expression + "\n)::VARCHAR FROM " + ROW)) {
      result.next();
      return "" + result.getString(1);
    }
  }
}
