package hesuan.cli;

import hesuan.plan.JobReader;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine.Parameters;

/** {@code hesuan schema job}. */
@picocli.CommandLine.Command(
    name = "schema",
    description = "Print the JSON Schema of a document. 输出文档的 JSON Schema。")
final class SchemaCommand extends Command {
  @Parameters(paramLabel = "job", description = "Which document. 文档种类。")
  Document document = Document.JOB;

  enum Document {
    JOB
  }

  @Override
  protected int run(Console console) throws Exception {
    try (InputStream in = JobReader.class.getResourceAsStream("job.schema.json")) {
      if (in == null) {
        throw new IllegalStateException("the schema is not beside its reader");
      }
      console.raw(new String(in.readAllBytes(), StandardCharsets.UTF_8).strip());
    }
    return Exit.OK;
  }
}
