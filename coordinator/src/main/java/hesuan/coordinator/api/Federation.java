package hesuan.coordinator.api;

import java.nio.file.Path;

/**
 * What the controllers must know of the process.
 *
 * @param logFolder where the log's public files lie
 */
public record Federation(String name, String software, Path logFolder) {}
