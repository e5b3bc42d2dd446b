package hesuan.dp;

import hesuan.wire.Plan;
import hesuan.wire.SecretBytes;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Which of an owner's own groups it tells, where the keys are private ({@link Plan.Selection}): by
 * {@link KeySelection}, from how many of its people are in each, and not more than the plan says.
 * What is told is private by itself, so whatever is made of it afterwards costs nothing.
 */
public final class GroupSelection {
  /** Of one value of a key, in UTF-8; a longer one is no group. */
  public static final int KEY_BYTES_MAX = 200;

  private static final Pattern INTEGER = Pattern.compile("-?[0-9]{1,20}");
  private static final Comparator<String> VALUES =
      Comparator.comparing((String value) -> !INTEGER.matcher(value).matches())
          .thenComparing(
              value -> INTEGER.matcher(value).matches() ? new BigInteger(value) : BigInteger.ZERO)
          .thenComparing(Comparator.naturalOrder());

  /** Integers by size before texts; of the values alone, so that it tells nothing of the rows. */
  public static final Comparator<List<String>> ORDER =
      (one, other) -> {
        for (int k = 0; k < Math.min(one.size(), other.size()); k++) {
          int by = VALUES.compare(one.get(k), other.get(k));
          if (by != 0) {
            return by;
          }
        }
        return Integer.compare(one.size(), other.size());
      };

  private final Plan.DpQuery query;
  private final Plan.Selection selection;
  private final KeySelection rule;

  private GroupSelection(Plan.DpQuery query, Plan.Selection selection, KeySelection rule) {
    this.query = query;
    this.selection = selection;
    this.rule = rule;
  }

  /** Checks all that can go wrong, from the plan alone. */
  public static GroupSelection of(Plan.DpQuery query) {
    Plan.Selection selection = Objects.requireNonNull(query.selection(), "groups are public");
    return new GroupSelection(
        query,
        selection,
        KeySelection.of(
            selection.epsilon(),
            Delta.parse(selection.delta()),
            query.maxGroups(),
            selection.peopleMin()));
  }

  /** With which probability a group with so many people is told. */
  public KeySelection rule() {
    return rule;
  }

  /** The fewest people with whom a group is told at least every other time. */
  public long evenFrom() {
    long low = selection.peopleMin() - 1L;
    long high = rule.certainFrom();
    while (high - low > 1) {
      long middle = (low + high) >>> 1;
      if (rule.probability(middle) >= 0.5) {
        high = middle;
      } else {
        low = middle;
      }
    }
    return high;
  }

  /** Whether a group may be told at all, by its values: a value that is too long may not. */
  public static boolean isTellable(List<String> group) {
    return group.stream()
        .allMatch(
            value ->
                value.chars().noneMatch(c -> c < ' ' || c == 0x7f)
                    && value.getBytes(StandardCharsets.UTF_8).length <= KEY_BYTES_MAX);
  }

  /**
   * The groups that are told, in {@link #ORDER}.
   *
   * @param people how many of the owner's people are in each group, every person in at most
   *     maxGroups of them; groups with fewer than the plan's peopleMin may be left out
   * @param seed the same seed tells the same groups of the same people
   */
  public List<List<String>> told(Map<List<String>, Long> people, SecretBytes seed) {
    Map<List<String>, Long> candidates = new TreeMap<>(ORDER);
    people.forEach(
        (group, count) -> {
          if (count >= selection.peopleMin() && isTellable(group)) {
            candidates.put(group, count);
          }
        });
    BitPool bits = BitPool.of(seed, "dp-query", query.name(), "selection");
    List<List<String>> kept = new ArrayList<>();
    candidates.forEach(
        (group, count) -> {
          if (rule.keeps(count, bits)) {
            kept.add(group);
          }
        });
    return cut(kept, seed);
  }

  /** Too many: some of them, by lot. The lot knows only what would have been told. */
  private List<List<String>> cut(List<List<String>> kept, SecretBytes seed) {
    if (kept.size() <= selection.groupsMax()) {
      return List.copyOf(kept);
    }
    BitPool bits = BitPool.of(seed, "dp-query", query.name(), "cut");
    for (int i = 0; i < selection.groupsMax(); i++) {
      int other = i + (int) bits.below(kept.size() - i);
      java.util.Collections.swap(kept, i, other);
    }
    return kept.subList(0, selection.groupsMax()).stream().sorted(ORDER).toList();
  }
}
