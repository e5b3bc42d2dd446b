package hesuan.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.Json;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.util.ByteArrayReadableSeekableByteChannel;
import org.junit.jupiter.api.Test;

class ResultFileTest {
  /** A mean without an interval is a number where the result says so, else a text. */
  @Test
  void arrow_ofNumbersThatTheResultLists_hasThemTyped() throws Exception {
    String result =
        """
        {"job": "job-1", "result": {"columns": ["city", "mean", "sum", "code"],
          "rows": [["x", "1.5", 3, "7"], ["y", null, "9007199254740993", "8"]]%s}}""";
    for (boolean listed : new boolean[] {true, false}) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      new ResultFile(
              Json.tree(
                  result
                      .formatted(listed ? ", \"numbers\": [\"mean\", \"sum\"]" : "")
                      .getBytes(StandardCharsets.UTF_8)))
          .arrow(out);
      try (RootAllocator allocator = new RootAllocator();
          ArrowFileReader reader =
              new ArrowFileReader(
                  new ByteArrayReadableSeekableByteChannel(out.toByteArray()), allocator)) {
        VectorSchemaRoot root = reader.getVectorSchemaRoot();
        assertTrue(reader.loadNextBatch());
        assertEquals("Utf8", root.getSchema().findField("code").getType().toString());
        assertEquals(listed, root.getVector("mean").getObject(0) instanceof Double);
        assertEquals(listed, root.getVector("sum").getObject(1) instanceof Long);
      }
    }
  }

  private static ResultFile file() {
    return new ResultFile(
        Json.tree(
            """
            {"job": "job-1", "result": {
              "columns": ["city", "n", "n_low", "n_high", "mean", "mean_low", "mean_high"],
              "rows": [["a,b", 7, 5, 9, "1.5", null, null], ["12", -3, -5, -1, 2, 1, 3]],
              "suppressed": 4, "confidencePercent": 95}}"""
                .getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void csv_quotesWhatNeedsIt_andLeavesNothingForNone() {
    assertEquals(
        "city,n,n_low,n_high,mean,mean_low,mean_high\r\n\"a,b\",7,5,9,1.5,,\r\n12,-3,-5,-1,2,1,3\r\n",
        new String(file().csv(), StandardCharsets.UTF_8));
  }

  @Test
  void arrow_hasTypedColumns_andSaysWhatIsMissing() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    file().arrow(out);
    try (RootAllocator allocator = new RootAllocator();
        ArrowFileReader reader =
            new ArrowFileReader(
                new ByteArrayReadableSeekableByteChannel(out.toByteArray()), allocator)) {
      VectorSchemaRoot root = reader.getVectorSchemaRoot();
      assertTrue(reader.loadNextBatch());
      assertEquals("4", root.getSchema().getCustomMetadata().get("hesuan.suppressed"));
      assertEquals("Utf8", root.getSchema().findField("city").getType().toString());
      assertEquals(-3L, root.getVector("n").getObject(1));
      assertEquals(1.5, root.getVector("mean").getObject(0));
      assertTrue(root.getVector("mean_low").isNull(0));
      assertEquals("12", root.getVector("city").getObject(1).toString());
    }
  }
}
