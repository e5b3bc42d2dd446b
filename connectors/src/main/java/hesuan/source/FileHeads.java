package hesuan.source;

import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Looks at the first bytes of a file before DuckDB does, so that a wrong file is called by name.
 */
final class FileHeads {
  private static final int HEADER_BYTES_MAX = 1 << 16;
  private static final byte[] PARQUET = {'P', 'A', 'R', '1'};
  private static final byte[] DUCKDB = {'D', 'U', 'C', 'K'};
  private static final int DUCKDB_OFFSET = 8;

  private FileHeads() {}

  static void check(Source.File source) {
    switch (source) {
      case Source.Csv csv -> csvHeader(csv);
      case Source.Parquet _ -> {
        if (!bytes(source, 0, 4).equals(ByteBuffer.wrap(PARQUET))
            || !bytes(source, -4, 4).equals(ByteBuffer.wrap(PARQUET))) {
          throw wrong(source, "a Parquet file", "none, or one cut short");
        }
      }
      case Source.DuckDb _ -> {
        if (!bytes(source, DUCKDB_OFFSET, 4).equals(ByteBuffer.wrap(DUCKDB))) {
          throw wrong(source, "a DuckDB file", "another kind of file");
        }
      }
    }
  }

  /** The column names of the first line, each once. */
  static List<String> csvHeader(Source.Csv csv) {
    ByteBuffer head = bytes(csv, 0, HEADER_BYTES_MAX);
    if (!head.hasRemaining()) {
      throw new ProblemException(
          ErrorCode.SOURCE_EMPTY,
          ReadProblems.name(csv),
          "a line of column names",
          "an empty file");
    }
    List<String> names = split(csv, text(csv, firstLine(csv, head)));
    Set<String> seen = new HashSet<>();
    for (String name : names) {
      if (name.isBlank() || !seen.add(name)) {
        throw wrong(csv, "each column named once in the first line", "\"" + name + "\"");
      }
    }
    return names;
  }

  private static ByteBuffer firstLine(Source.Csv csv, ByteBuffer head) {
    boolean quoted = false;
    for (int i = 0; i < head.limit(); i++) {
      byte b = head.get(i);
      quoted ^= b == csv.quote();
      if (!quoted && (b == '\n' || b == '\r')) {
        return head.limit(i);
      }
    }
    if (head.limit() == HEADER_BYTES_MAX || quoted) {
      throw wrong(csv, "a first line of at most " + HEADER_BYTES_MAX + " bytes", "no end of it");
    }
    return head;
  }

  private static String text(Source.Csv csv, ByteBuffer line) {
    int first = line.remaining() > 1 ? ((line.get(0) & 255) << 8) | (line.get(1) & 255) : 0;
    if (first == 0xFEFF || first == 0xFFFE) {
      throw encoding(csv, "UTF-16");
    }
    try {
      String text =
          StandardCharsets.UTF_8
              .newDecoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .decode(line.duplicate())
              .toString();
      return text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      throw encoding(csv, guess(line));
    }
  }

  /** The other encoding that files in China have; only ever a hint. */
  static String guess(ByteBuffer bytes) {
    try {
      Charset.forName("GB18030")
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .decode(bytes.duplicate());
      return "bytes that look like GB18030 (GBK)";
    } catch (CharacterCodingException e) {
      return "bytes that are not UTF-8";
    }
  }

  private static List<String> split(Source.Csv csv, String line) {
    List<String> fields = new ArrayList<>();
    StringBuilder field = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (c == csv.quote()) {
        if (quoted && i + 1 < line.length() && line.charAt(i + 1) == c) {
          field.append(c);
          i++;
        } else {
          quoted = !quoted;
        }
      } else if (c == csv.delimiter() && !quoted) {
        fields.add(field.toString());
        field.setLength(0);
      } else {
        field.append(c);
      }
    }
    fields.add(field.toString());
    return fields;
  }

  /** Up to {@code length} bytes from a place; a place below zero counts from the end. */
  private static ByteBuffer bytes(Source.File source, long from, int length) {
    try (RandomAccessFile file = new RandomAccessFile(source.path().toFile(), "r")) {
      long start = from < 0 ? Math.max(0, file.length() + from) : Math.min(from, file.length());
      byte[] bytes = new byte[(int) Math.min(length, file.length() - start)];
      file.seek(start);
      file.readFully(bytes);
      return ByteBuffer.wrap(bytes);
    } catch (IOException e) {
      throw wrong(source, "a readable file", e.getClass().getSimpleName());
    }
  }

  static ProblemException encoding(Source source, String found) {
    return new ProblemException(
        ErrorCode.SOURCE_ENCODING, ReadProblems.name(source), "UTF-8", found);
  }

  private static ProblemException wrong(Source source, String expected, String found) {
    return new ProblemException(
        ErrorCode.SOURCE_UNREADABLE, ReadProblems.name(source), expected, found);
  }
}
