package hesuan.log;

import hesuan.evidence.Checkpoint;
import hesuan.evidence.Merkle;
import hesuan.evidence.MerkleTree;
import hesuan.evidence.PartyKeys;
import hesuan.wire.Digest;
import hesuan.wire.Json;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What reading a whole log back found.
 *
 * @param size entries under the checkpoint
 * @param faults each names the file or entry; none in a sound log
 */
public record LogCheck(long size, List<String> faults) {
  public LogCheck {
    faults = List.copyOf(faults);
  }

  public boolean sound() {
    return faults.isEmpty();
  }

  static LogCheck run(
      Disk disk,
      PartyKeys owner,
      long size,
      String note,
      List<? extends @Nullable Digest> envelopeByIndex)
      throws IOException {
    List<String> faults = new ArrayList<>();
    List<byte[]> leaves = leaves(disk, size, faults);
    checkTiles(disk, leaves, size, faults);
    checkRecords(disk, leaves, envelopeByIndex, faults);
    checkCheckpoint(disk, owner, note, leaves, faults);
    return new LogCheck(size, faults);
  }

  private static List<byte[]> leaves(Disk disk, long size, List<String> faults) throws IOException {
    List<byte[]> leaves = new ArrayList<>();
    for (long from = 0; from < size; from += Tiles.WIDTH) {
      int width = (int) Math.min(Tiles.WIDTH, size - from);
      String path = Tiles.entries(from / Tiles.WIDTH, width);
      try {
        leaves.addAll(Bundle.read(disk, path, width));
      } catch (ProblemException e) {
        faults.add(e.getMessage());
      }
    }
    return leaves;
  }

  /** Every tile, rebuilt from the leaves and compared byte by byte. */
  private static void checkTiles(Disk disk, List<byte[]> leaves, long size, List<String> faults)
      throws IOException {
    for (var file : TileTree.empty(disk).append(leaves).entrySet()) {
      byte[] found = disk.read(file.getKey()).orElse(null);
      if (found == null || !Arrays.equals(found, file.getValue())) {
        faults.add(file.getKey() + (found == null ? ": missing" : ": not what its leaves give"));
      }
    }
    if (leaves.size() != size) {
      faults.add("entries: expected " + size + ", found " + leaves.size());
    }
  }

  private static void checkRecords(
      Disk disk,
      List<byte[]> leaves,
      List<? extends @Nullable Digest> envelopeByIndex,
      List<String> faults)
      throws IOException {
    for (int index = 0; index < leaves.size(); index++) {
      Digest envelope = envelopeByIndex.get(index);
      byte[] bytes =
          envelope == null ? null : disk.read(LogRecord.path(index, envelope)).orElse(null);
      if (bytes == null) {
        faults.add("entry " + index + ": no record");
      } else if (!opens(bytes, leaves.get(index))) {
        faults.add("entry " + index + ": its record does not open its leaf");
      }
    }
  }

  private static boolean opens(byte[] recordBytes, byte[] leaf) {
    try {
      LogRecord entry = Json.read(recordBytes, LogRecord.class);
      return Arrays.equals(entry.leaf().bytes(), leaf) && entry.consentsAreThoseOfTheStatement();
    } catch (ProblemException | IllegalArgumentException e) {
      return false;
    }
  }

  private static void checkCheckpoint(
      Disk disk, PartyKeys owner, String note, List<byte[]> leaves, List<String> faults)
      throws IOException {
    MerkleTree tree = new MerkleTree();
    leaves.forEach(leaf -> tree.append(Merkle.leafHash(leaf)));
    byte[] stored = disk.read("checkpoint").orElse(new byte[0]);
    if (!Arrays.equals(stored, note.getBytes(StandardCharsets.UTF_8))) {
      faults.add("checkpoint: not what this process wrote or read");
    }
    try {
      Checkpoint checkpoint = Checkpoint.verify(note, owner).checkpoint();
      if (checkpoint.size() != tree.size() || !checkpoint.root().equals(tree.root())) {
        faults.add("checkpoint: not the root of the entries");
      }
    } catch (ProblemException e) {
      faults.add("checkpoint: " + e.getMessage());
    }
  }
}
