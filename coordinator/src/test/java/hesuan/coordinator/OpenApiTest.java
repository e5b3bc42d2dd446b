package hesuan.coordinator;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

final class OpenApiTest {
  private static final String GENERATED = "/META-INF/swagger/hesuan-coordinator-v1.yml";

  @Test
  void document_isTheCommittedOne() throws IOException {
    Path committed =
        Path.of(System.getProperty("user.dir")).resolve("../docs/openapi-coordinator.yaml");
    List<String> expected = Files.readAllLines(committed);
    List<String> found = generated().lines().toList();
    int line = 0;
    while (line < expected.size()
        && line < found.size()
        && expected.get(line).equals(found.get(line))) {
      line++;
    }
    if (!expected.equals(found)) {
      fail(
          """
          the API differs from docs/openapi-coordinator.yaml from line %d on. What clients rely on (a path, a \
          field, a type) may be added to and never changed or removed within v1. If this change only adds, \
          copy coordinator/target/classes%s over the committed document and say it in docs/api.md; if not, \
          give the new shape another path."""
              .formatted(line + 1, GENERATED));
    }
  }

  private static String generated() throws IOException {
    try (InputStream in = OpenApiTest.class.getResourceAsStream(GENERATED)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
