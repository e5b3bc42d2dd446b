package hesuan.evidence;

import static hesuan.evidence.Samples.BRAND;
import static hesuan.evidence.Samples.MALL;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.wire.Digest;
import hesuan.wire.ProblemException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointTest {
  private static final String ORIGIN = "example.org/brand-a";

  private final SigningKeys keys = Samples.keys(BRAND);
  private final Checkpoint checkpoint = new Checkpoint(ORIGIN, 7, Digest.of("root"));
  private final String note = checkpoint.sign(keys, 1_790_000_000L);

  private void assertRefused(String changed) {
    assertThrows(
        ProblemException.class, () -> Checkpoint.verify(changed, keys.publicKeys()), changed);
  }

  @Test
  void verify_givesTheCheckpointAndItsTime() {
    Checkpoint.Verified verified = Checkpoint.verify(note, keys.publicKeys());
    assertEquals(checkpoint, verified.checkpoint());
    assertEquals(1_790_000_000L, verified.seconds());
    assertEquals(BRAND, checkpoint.owner());
    assertEquals("example.org", checkpoint.federation());
  }

  @Test
  void note_hasTheLinesOfTheSpecification() {
    List<String> lines = note.lines().toList();
    assertEquals(List.of(ORIGIN, "7"), lines.subList(0, 2));
    assertEquals("", lines.get(3));
    assertTrue(lines.get(4).startsWith("\u2014 " + ORIGIN + " "));
    assertEquals(6, lines.size());
  }

  @Test
  void verify_eitherLineStripped_isRefused() {
    List<String> lines = note.lines().toList();
    for (int strip : new int[] {4, 5}) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < lines.size(); i++) {
        if (i != strip) {
          text.append(lines.get(i)).append('\n');
        }
      }
      assertRefused(text.toString());
    }
  }

  @Test
  void verify_foreignLine_isCountedAndIgnored() {
    String other =
        new Checkpoint("example.org/mall-b", 7, Digest.of("root"))
            .sign(Samples.keys(MALL), 5)
            .lines()
            .skip(4)
            .findFirst()
            .orElseThrow();
    assertEquals(1, Checkpoint.verify(note + other + "\n", keys.publicKeys()).foreignLines());
  }

  @Test
  void verify_goodAndBadLineUnderOneKey_isRefused() {
    String bad =
        new Checkpoint(ORIGIN, 8, Digest.of("root"))
            .sign(keys, 5)
            .lines()
            .skip(4)
            .findFirst()
            .orElseThrow();
    assertRefused(note + bad + "\n");
  }

  @Test
  void verify_moreThan16Lines_isRefused() {
    String line = note.lines().skip(4).findFirst().orElseThrow() + "\n";
    assertEquals(
        checkpoint, Checkpoint.verify(note + line.repeat(14), keys.publicKeys()).checkpoint());
    assertRefused(note + line.repeat(15));
  }

  @Test
  void verify_timeOfTheSecondSignatureMoved_isRefused() {
    String other = checkpoint.sign(keys, 1_790_000_001L);
    String mixed =
        other.lines().toList().get(5).substring(0, ORIGIN.length() + 20)
            + note.lines().toList().get(5).substring(ORIGIN.length() + 20);
    List<String> lines = note.lines().toList();
    assertRefused(String.join("\n", lines.subList(0, 5)) + "\n" + mixed + "\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\n7\n|\r\n7\n",
        "\n7\n|\n07\n",
        "\n7\n|\n+7\n",
        "\n7\n|\n-7\n",
        "\n7\n|\n7 \n",
        "\n7\n|\n9223372036854775808\n",
        "\n7\n|\n99999999999999999999\n",
        "\n7\n|\n7\t\n",
        "\n7\n|\n\n7\n",
        "\n\n\u2014|\nextension\n\n\u2014",
        "\n\n\u2014|\n\n\n\u2014",
        "\n\n\u2014|\n\u2014",
        "\u2014 |- ",
        "\u2014 |\u2014  ",
        "example.org/|Example.org/",
        "example.org/|example.org/../",
        "brand-a\n7|mall-b\n7",
        "/brand-a |/brand-a+1 ",
      })
  void verify_malformedNote_isRefused(String change) {
    String[] parts = change.split("\\|", 2);
    String changed = note.replace(parts[0], parts[1]);
    assertTrue(!changed.equals(note), "the change changes something");
    assertRefused(changed);
  }

  @Test
  void verify_withoutFinalNewline_isRefused() {
    assertRefused(note.substring(0, note.length() - 1));
    assertRefused(note + "\n");
    assertRefused("");
    assertRefused("\n\n");
  }

  @Test
  void sign_byAnotherThanTheOwner_isADefect() {
    assertThrows(IllegalArgumentException.class, () -> checkpoint.sign(Samples.keys(MALL), 5));
  }

  @Test
  void verify_byAnotherOwner_isRefused() {
    assertThrows(
        ProblemException.class, () -> Checkpoint.verify(note, Samples.keys(MALL).publicKeys()));
  }
}
