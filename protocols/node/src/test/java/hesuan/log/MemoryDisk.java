package hesuan.log;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A disk that tells apart what was written and what is durable, stops working at a chosen effect,
 * and can then be asked what a machine would find after it came up again.
 */
final class MemoryDisk implements Disk {
  /** What survives: the whole range of what a file system may do with what was not synced. */
  enum Crash {
    /** The process died; the machine did not. */
    KEEPS_ALL,
    /** Power lost: only what was synced, names included. */
    LOSES_UNSYNCED,
    /** Power lost: names are there, contents not yet synced are half written. */
    TEARS_UNSYNCED
  }

  private static final class Node {
    byte[] written = {};
    byte @Nullable [] durable;
  }

  private final Map<String, Node> names = new TreeMap<>();
  private final Map<String, Node> durableNames = new HashMap<>();
  private int effectsLeft = Integer.MAX_VALUE;
  private int effects;

  /** The effect after that many does not happen, nor any after it. */
  void crashAfter(int count) {
    effectsLeft = count;
  }

  int effects() {
    return effects;
  }

  /** What is found after the crash, on a disk that works. */
  MemoryDisk after(Crash crash) {
    MemoryDisk found = new MemoryDisk();
    Map<String, Node> survivors = crash == Crash.LOSES_UNSYNCED ? durableNames : names;
    survivors.forEach(
        (path, node) -> {
          Node copy = new Node();
          copy.written = content(node, crash);
          copy.durable = copy.written;
          found.names.put(path, copy);
          found.durableNames.put(path, copy);
        });
    return found;
  }

  private static byte[] content(Node node, Crash crash) {
    byte @Nullable [] durable = node.durable;
    return switch (crash) {
      case KEEPS_ALL -> node.written;
      case LOSES_UNSYNCED -> durable == null ? new byte[0] : durable;
      case TEARS_UNSYNCED ->
          Arrays.equals(durable, node.written)
              ? durable
              : Arrays.copyOf(node.written, node.written.length / 2);
    };
  }

  void flipBit(String path, int at) {
    Node node = names.get(path);
    node.written = node.written.clone();
    node.written[at] ^= 1;
  }

  List<String> paths() {
    return List.copyOf(names.keySet());
  }

  private void effect(String what) throws IOException {
    if (effectsLeft-- <= 0) {
      effectsLeft = 0;
      throw new IOException("the world ended before: " + what);
    }
    effects++;
  }

  @Override
  public Optional<byte[]> read(String path) {
    return Optional.ofNullable(names.get(path)).map(node -> node.written);
  }

  @Override
  public void write(String path, byte[] bytes) throws IOException {
    effect("write " + path);
    names.computeIfAbsent(path, p -> new Node()).written = bytes.clone();
  }

  @Override
  public void syncFile(String path) throws IOException {
    effect("sync " + path);
    Node node = names.get(path);
    node.durable = node.written;
  }

  @Override
  public void rename(String from, String to) throws IOException {
    effect("rename to " + to);
    names.put(to, names.remove(from));
  }

  @Override
  public void syncDirectory(String path) throws IOException {
    effect("sync directory " + path);
    durableNames.keySet().removeIf(name -> directoryOf(name).equals(path));
    names.forEach(
        (name, node) -> {
          if (directoryOf(name).equals(path)) {
            durableNames.put(name, node);
          }
        });
  }

  @Override
  public void delete(String path) throws IOException {
    effect("delete " + path);
    names.remove(path);
  }

  @Override
  public List<String> list(String path) {
    TreeSet<String> children = new TreeSet<>();
    for (String name : names.keySet()) {
      if (name.startsWith(path + "/")) {
        String rest = name.substring(path.length() + 1);
        children.add(rest.contains("/") ? rest.substring(0, rest.indexOf('/')) : rest);
      }
    }
    return new ArrayList<>(children);
  }

  private static String directoryOf(String path) {
    return path.contains("/") ? path.substring(0, path.lastIndexOf('/')) : "";
  }
}
