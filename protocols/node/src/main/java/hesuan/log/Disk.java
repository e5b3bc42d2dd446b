package hesuan.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the log asks of a file system, each call one effect, so that a test can end the world after
 * any of them. Paths are relative, with slashes. A new or renamed file survives a crash once its
 * bytes and then its directory were synced.
 */
interface Disk {
  Optional<byte[]> read(String path) throws IOException;

  /** Creates or replaces the file; not durable yet. Missing directories are made. */
  void write(String path, byte[] bytes) throws IOException;

  void syncFile(String path) throws IOException;

  /** Replaces the target at once. */
  void rename(String from, String to) throws IOException;

  void syncDirectory(String path) throws IOException;

  void delete(String path) throws IOException;

  /** Names of files and directories in it, sorted; none when it is not there. */
  List<String> list(String path) throws IOException;

  /** The directory {@code root}. */
  static Disk at(Path root) {
    return new Disk() {
      @Override
      public Optional<byte[]> read(String path) throws IOException {
        try {
          return Optional.of(Files.readAllBytes(root.resolve(path)));
        } catch (NoSuchFileException e) {
          return Optional.empty();
        }
      }

      @Override
      public void write(String path, byte[] bytes) throws IOException {
        Path file = root.resolve(path);
        Path parent = file.getParent();
        if (parent != null && !Files.isDirectory(parent)) {
          makeDirectories(parent);
        }
        try (FileChannel channel =
            FileChannel.open(
                file,
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING)) {
          ByteBuffer buffer = ByteBuffer.wrap(bytes);
          while (buffer.hasRemaining()) {
            channel.write(buffer);
          }
        }
      }

      /** A directory is an entry of its parent, which must be synced like any other. */
      private void makeDirectories(Path directory) throws IOException {
        Path parent = directory.getParent();
        if (parent != null && !Files.isDirectory(parent)) {
          makeDirectories(parent);
        }
        Files.createDirectories(directory);
        if (parent != null) {
          sync(parent, StandardOpenOption.READ);
        }
      }

      @Override
      public void syncFile(String path) throws IOException {
        sync(root.resolve(path), StandardOpenOption.WRITE);
      }

      @Override
      public void rename(String from, String to) throws IOException {
        Files.move(
            root.resolve(from),
            root.resolve(to),
            StandardCopyOption.ATOMIC_MOVE,
            StandardCopyOption.REPLACE_EXISTING);
      }

      @Override
      public void syncDirectory(String path) throws IOException {
        sync(root.resolve(path), StandardOpenOption.READ);
      }

      @Override
      public void delete(String path) throws IOException {
        Files.deleteIfExists(root.resolve(path));
      }

      @Override
      public List<String> list(String path) throws IOException {
        Path directory = root.resolve(path);
        if (!Files.isDirectory(directory)) {
          return List.of();
        }
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
          entries.forEach(entry -> names.add(entry.getFileName().toString()));
        }
        names.sort(null);
        return names;
      }

      private void sync(Path path, StandardOpenOption how) throws IOException {
        try (FileChannel channel = FileChannel.open(path, how)) {
          channel.force(true);
        }
      }
    };
  }
}
