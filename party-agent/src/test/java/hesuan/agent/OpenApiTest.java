package hesuan.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class OpenApiTest {
  private static final String GENERATED = "/META-INF/swagger/hesuan-party-agent-v1.yml";

  @Test
  void document_isTheCommittedOne() throws IOException {
    Path committed =
        Path.of(System.getProperty("user.dir")).resolve("../docs/openapi-party-agent.yaml");
    assertEquals(
        Files.readString(committed),
        generated(),
        """
        the API differs from docs/openapi-party-agent.yaml. What clients rely on (a path, a field, a type) \
        may be added to and never changed or removed within v1. If this change only adds, copy \
        party-agent/target/classes%s over the committed document and mention it in docs/api-agent.md; if not, \
        give the new shape another path."""
            .formatted(GENERATED));
  }

  private static String generated() throws IOException {
    try (InputStream in = OpenApiTest.class.getResourceAsStream(GENERATED)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
