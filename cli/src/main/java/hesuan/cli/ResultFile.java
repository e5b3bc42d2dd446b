package hesuan.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * A result's table as CSV (RFC 4180) or as an Arrow file. A number that has an interval, or that
 * the result lists among its numbers, is a column of whole numbers if all its values are, else of
 * doubles; everything else keeps its text.
 */
final class ResultFile {
  private enum Kind {
    TEXT,
    WHOLE,
    REAL
  }

  private final List<String> columns = new ArrayList<>();
  private final List<JsonNode> rows = new ArrayList<>();
  private final Set<String> numbers = new HashSet<>();
  private final Map<String, String> metadata = new LinkedHashMap<>();

  /**
   * @param reply of the agent's API
   */
  ResultFile(JsonNode reply) {
    JsonNode result = reply.path("result");
    result.path("columns").forEach(c -> columns.add(c.asText()));
    result.path("rows").forEach(rows::add);
    result.path("numbers").forEach(n -> numbers.add(n.asText()));
    metadata.put("hesuan.job", reply.path("job").asText());
    for (String name : List.of("suppressed", "confidencePercent")) {
      if (result.has(name)) {
        metadata.put("hesuan." + name, result.path(name).asText());
      }
    }
  }

  byte[] csv() {
    StringBuilder out = new StringBuilder();
    out.append(String.join(",", columns.stream().map(ResultFile::quoted).toList())).append("\r\n");
    for (JsonNode row : rows) {
      List<String> cells = new ArrayList<>();
      row.forEach(cell -> cells.add(cell.isNull() ? "" : quoted(cell.asText())));
      out.append(String.join(",", cells)).append("\r\n");
    }
    return out.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static String quoted(String text) {
    return text.isEmpty() || text.chars().anyMatch(c -> c == ',' || c == '"' || c < 32)
        ? '"' + text.replace("\"", "\"\"") + '"'
        : text;
  }

  void arrow(OutputStream out) throws IOException {
    List<Field> fields = new ArrayList<>();
    for (int c = 0; c < columns.size(); c++) {
      fields.add(new Field(columns.get(c), FieldType.nullable(type(kind(c))), null));
    }
    try (BufferAllocator allocator = new RootAllocator();
        VectorSchemaRoot root = VectorSchemaRoot.create(new Schema(fields, metadata), allocator);
        ArrowFileWriter writer = new ArrowFileWriter(root, null, Channels.newChannel(out))) {
      for (int c = 0; c < columns.size(); c++) {
        fill(root.getVector(c), c);
      }
      root.setRowCount(rows.size());
      writer.start();
      writer.writeBatch();
      writer.end();
    }
  }

  private static ArrowType type(Kind kind) {
    return switch (kind) {
      case TEXT -> new ArrowType.Utf8();
      case WHOLE -> new ArrowType.Int(Long.SIZE, true);
      case REAL -> new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE);
    };
  }

  private Kind kind(int column) {
    String name = columns.get(column).replaceAll("_(low|high)$", "");
    boolean figure =
        numbers.contains(columns.get(column))
            || columns.contains(name + "_low") && columns.contains(name + "_high");
    boolean whole = true;
    boolean allNumbers = true;
    for (JsonNode row : rows) {
      JsonNode cell = row.path(column);
      allNumbers &= cell.isNumber() || cell.isNull();
      whole &= cell.isNull() || cell.asText().matches("-?[0-9]{1,18}");
    }
    if (!figure && !allNumbers) {
      return Kind.TEXT;
    }
    return whole ? Kind.WHOLE : Kind.REAL;
  }

  private void fill(FieldVector vector, int column) {
    vector.setInitialCapacity(rows.size());
    vector.allocateNew();
    for (int r = 0; r < rows.size(); r++) {
      JsonNode cell = rows.get(r).path(column);
      if (cell.isNull()) {
        vector.setNull(r);
      } else {
        switch (vector) {
          case BigIntVector whole -> whole.setSafe(r, Long.parseLong(cell.asText()));
          case Float8Vector real -> real.setSafe(r, Double.parseDouble(cell.asText()));
          default ->
              ((VarCharVector) vector).setSafe(r, cell.asText().getBytes(StandardCharsets.UTF_8));
        }
      }
    }
  }
}
