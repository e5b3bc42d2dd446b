package hesuan.log;

import hesuan.evidence.HashReader;
import hesuan.evidence.Merkle;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The tree as tiles: full ones on the disk, the unfinished last one of each level in memory too.
 * Appending changes the memory and says which files that makes; writing them is the caller's.
 */
final class TileTree implements HashReader {
  private static final int CACHE_TILES = 64;

  private final Disk disk;

  /** By tile level: the hashes of the unfinished last tile. */
  private final List<List<byte[]>> tails = new ArrayList<>();

  private final List<byte[]> entriesTail = new ArrayList<>();
  private final Map<String, byte[]> cache =
      new LinkedHashMap<>(CACHE_TILES, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, byte[]> eldest) {
          return size() > CACHE_TILES;
        }
      };
  private long size;

  private TileTree(Disk disk) {
    this.disk = disk;
    for (int level = 0; level < Tiles.LEVELS; level++) {
      tails.add(new ArrayList<>());
    }
  }

  static TileTree empty(Disk disk) {
    return new TileTree(disk);
  }

  static TileTree load(Disk disk, long size) throws IOException {
    TileTree tree = new TileTree(disk);
    tree.size = size;
    for (int level = 0; level < Tiles.LEVELS; level++) {
      long count = size >>> (8 * level);
      int width = (int) (count % Tiles.WIDTH);
      if (width > 0) {
        byte[] tile = readTile(disk, Tiles.tile(level, count / Tiles.WIDTH, width), width);
        for (int i = 0; i < width; i++) {
          tree.tails.get(level).add(slice(tile, i));
        }
      }
    }
    int width = (int) (size % Tiles.WIDTH);
    if (width > 0) {
      tree.entriesTail.addAll(Bundle.read(disk, Tiles.entries(size / Tiles.WIDTH, width), width));
    }
    return tree;
  }

  TileTree copy() {
    TileTree copy = new TileTree(disk);
    copy.size = size;
    for (int level = 0; level < Tiles.LEVELS; level++) {
      copy.tails.get(level).addAll(tails.get(level));
    }
    copy.entriesTail.addAll(entriesTail);
    copy.cache.putAll(cache);
    return copy;
  }

  long size() {
    return size;
  }

  Digest root() {
    return Merkle.root(this, size);
  }

  /** The files, in the order in which they should be written, that hold the tree after this. */
  Map<String, byte[]> append(List<byte[]> leaves) {
    Map<String, byte[]> files = new LinkedHashMap<>();
    boolean[] grown = new boolean[Tiles.LEVELS];
    for (byte[] leaf : leaves) {
      entriesTail.add(leaf);
      if (entriesTail.size() == Tiles.WIDTH) {
        files.put(Tiles.entries(size / Tiles.WIDTH, Tiles.WIDTH), Bundle.encode(entriesTail));
        entriesTail.clear();
      }
      byte[] carry = Merkle.leafHash(leaf);
      size++;
      for (int level = 0; level < Tiles.LEVELS; level++) {
        List<byte[]> tail = tails.get(level);
        tail.add(carry);
        grown[level] = true;
        if (tail.size() < Tiles.WIDTH) {
          break;
        }
        byte[] tile = join(tail);
        long index = (size >>> (8 * level)) / Tiles.WIDTH - 1;
        String path = Tiles.tile(level, index, Tiles.WIDTH);
        files.put(path, tile);
        cache.put(path, tile);
        carry = rootOf(tile, 0, Tiles.WIDTH);
        tail.clear();
      }
    }
    if (!entriesTail.isEmpty() && !leaves.isEmpty()) {
      files.put(Tiles.entries(size / Tiles.WIDTH, entriesTail.size()), Bundle.encode(entriesTail));
    }
    for (int level = 0; level < Tiles.LEVELS; level++) {
      List<byte[]> tail = tails.get(level);
      if (grown[level] && !tail.isEmpty()) {
        long index = (size >>> (8 * level)) / Tiles.WIDTH;
        files.put(Tiles.tile(level, index, tail.size()), join(tail));
      }
    }
    return files;
  }

  @Override
  public byte[] hash(int level, long index) {
    int tileLevel = level / 8;
    int within = level % 8;
    long first = index << within;
    int from = (int) (first % Tiles.WIDTH);
    long tile = first / Tiles.WIDTH;
    long full = (size >>> (8 * tileLevel)) / Tiles.WIDTH;
    if (tile < full) {
      return rootOf(fullTile(Tiles.tile(tileLevel, tile, Tiles.WIDTH)), from, 1 << within);
    }
    List<byte[]> tail = tails.get(tileLevel);
    return rootOf(join(tail.subList(from, from + (1 << within))), 0, 1 << within);
  }

  private byte[] fullTile(String path) {
    return cache.computeIfAbsent(
        path,
        missing -> {
          try {
            return readTile(disk, missing, Tiles.WIDTH);
          } catch (IOException e) {
            throw new UncheckedIOException(missing, e);
          }
        });
  }

  private static byte[] readTile(Disk disk, String path, int width) throws IOException {
    byte[] bytes = disk.read(path).orElse(new byte[0]);
    if (bytes.length != width * Tiles.HASH_BYTES) {
      throw new ProblemException(
          ErrorCode.ENVIRONMENT,
          path,
          width * Tiles.HASH_BYTES + " bytes",
          bytes.length + " bytes");
    }
    return bytes;
  }

  static Digest digest(byte[] hash) {
    return new Digest(HexFormat.of().formatHex(hash));
  }

  /** The root over a power of two of neighbouring hashes of a tile. */
  static byte[] rootOf(byte[] tile, int from, int width) {
    List<byte[]> row = new ArrayList<>(width);
    for (int i = from; i < from + width; i++) {
      row.add(slice(tile, i));
    }
    while (row.size() > 1) {
      List<byte[]> above = new ArrayList<>(row.size() / 2);
      for (int i = 0; i < row.size(); i += 2) {
        above.add(Merkle.nodeHash(row.get(i), row.get(i + 1)));
      }
      row = above;
    }
    return row.getFirst();
  }

  private static byte[] slice(byte[] tile, int i) {
    return Arrays.copyOfRange(tile, i * Tiles.HASH_BYTES, (i + 1) * Tiles.HASH_BYTES);
  }

  private static byte[] join(List<byte[]> hashes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(hashes.size() * Tiles.HASH_BYTES);
    hashes.forEach(out::writeBytes);
    return out.toByteArray();
  }
}
