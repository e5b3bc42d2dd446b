package hesuan.dp.audit;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What contribution bounds mean, in the plainest code: the yardstick for pipelines. */
record BoundedRows(int maxGroups, int maxRows) {
  record Row(int person, int group, long value) {}

  private record Cell(int person, int group) {}

  /**
   * In an order that depends on no value, the first groups of a person and the first rows of each.
   */
  List<Row> of(List<Row> rows) {
    Map<Integer, Set<Integer>> groups = new HashMap<>();
    Map<Cell, Integer> taken = new HashMap<>();
    List<Row> bounded = new ArrayList<>();
    List<Row> ordered = new ArrayList<>(rows);
    ordered.sort(Comparator.comparingInt(row -> (row.person * 31 + row.group) * 0x9E3779B1));
    for (Row row : ordered) {
      Set<Integer> own = groups.computeIfAbsent(row.person, _ -> new HashSet<>());
      if (!own.contains(row.group) && own.size() == maxGroups) {
        continue;
      }
      own.add(row.group);
      if (taken.merge(new Cell(row.person, row.group), 1, Integer::sum) <= maxRows) {
        bounded.add(row);
      }
    }
    return bounded;
  }
}
