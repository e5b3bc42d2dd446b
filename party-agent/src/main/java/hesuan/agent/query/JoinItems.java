package hesuan.agent.query;

import hesuan.join.JoinParameters;
import hesuan.psi.ItemKeys;
import hesuan.source.IdSet;
import hesuan.source.PersonRows;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A party's rows as the items of a {@link Plan.JoinStatistics}: one for each person, or, with a
 * window, one for each person and day. On the side of the touches a day is that of its last touch
 * not more than the window before, so that a conversion is found by equality.
 */
public final class JoinItems {
  private static final int PERSON_BITS = 22;
  private static final int DAY_BITS = 18;
  private static final int ROW_BITS = 24;

  private final ItemKeys keys;
  private byte[] id = new byte[64];
  private int[] groups = new int[1 << 10];
  private long[] figures = new long[0];
  private int count;

  private JoinItems(Digest session) {
    keys = new ItemKeys(session);
  }

  public byte[] keys() {
    return keys.toArray();
  }

  /** Of the touches: the group of each item. */
  public int[] groups() {
    return Arrays.copyOf(groups, count);
  }

  /** Of the conversions: the figures of each item. */
  public long[] figures() {
    return figures;
  }

  /** The leader's side. */
  public static JoinItems touches(PersonRows rows, Plan.JoinStatistics step, Digest session) {
    JoinItems items = new JoinItems(session);
    Plan.Window window = step.window();
    IdSet people = rows.people();
    if (window == null) {
      for (int person = 0; person < people.size(); person++) {
        if (people.group(person) != IdSet.NO_GROUP) {
          items.add(people, person, null, people.group(person));
        }
      }
      return items;
    }
    long[] order = byPersonAndDay(rows);
    for (int at = 0; at < order.length; ) {
      int person = person(order[at]);
      int next = at;
      while (next < order.length && person(order[next]) == person) {
        next++;
      }
      items.cover(rows, order, at, next, window.days());
      at = next;
    }
    return items;
  }

  /** The days that one person's touches cover, each for the last of them. */
  private void cover(PersonRows rows, long[] order, int from, int to, int days) {
    int at = from;
    while (at < to) {
      int day = day(order[at]);
      int group = IdSet.NO_GROUP;
      while (at < to && day(order[at]) == day) {
        int other = rows.group(row(order[at]));
        // of several on one day the one that stands first in the list counts
        group = group == IdSet.NO_GROUP || other < group && other >= 0 ? other : group;
        at++;
      }
      if (group == IdSet.NO_GROUP) {
        continue;
      }
      int nextTouch = at;
      while (nextTouch < to && rows.group(row(order[nextTouch])) == IdSet.NO_GROUP) {
        nextTouch++;
      }
      int last = nextTouch < to ? Math.min(day + days, day(order[nextTouch]) - 1) : day + days;
      for (int covered = day; covered <= last; covered++) {
        add(rows.people(), person(order[from]), covered, group);
      }
    }
  }

  /**
   * The other side.
   *
   * @param secret orders a person's conversions, so that which of too many count cannot be steered
   */
  public static JoinItems conversions(
      PersonRows rows, Plan.JoinStatistics step, Digest session, long secret) {
    JoinItems items = new JoinItems(session);
    long[] order = byPersonAndDay(rows);
    items.figures = new long[step.figures() * order.length];
    for (int at = 0; at < order.length; ) {
      int person = person(order[at]);
      int next = at;
      int days = 0;
      while (next < order.length && person(order[next]) == person) {
        days += next == at || day(order[next]) != day(order[next - 1]) ? 1 : 0;
        next++;
      }
      items.convert(rows, order, at, next, step, days, secret);
      at = next;
    }
    items.figures = Arrays.copyOf(items.figures, step.figures() * items.count);
    return items;
  }

  private void convert(
      PersonRows rows,
      long[] order,
      int from,
      int to,
      Plan.JoinStatistics step,
      int days,
      long secret) {
    long[] ranks = new long[days];
    int found = 0;
    for (int at = from; at < to; at++) {
      if (at == from || day(order[at]) != day(order[at - 1])) {
        ranks[found++] = rank(person(order[at]), day(order[at]), secret);
      }
    }
    Arrays.sort(ranks);
    long last = ranks[Math.min(step.maxRows(), days) - 1];
    for (int at = from; at < to; ) {
      int day = day(order[at]);
      long sum = 0;
      while (at < to && day(order[at]) == day) {
        sum = Math.clamp(sum + rows.value(row(order[at])), -(1L << 40), 1L << 40);
        at++;
      }
      if (rank(person(order[from]), day, secret) <= last) {
        figures(step, sum);
        add(rows.people(), person(order[from]), step.window() == null ? null : day, 0);
      }
    }
  }

  private void figures(Plan.JoinStatistics step, long sum) {
    int at = count * step.figures();
    figures[at] = 1;
    Plan.Value value = step.value();
    if (value != null) {
      long clamped = Math.clamp(sum, value.lower(), value.upper());
      figures[at + 1] = clamped;
      if (step.figures() > 2) {
        figures[at + 2] = clamped * clamped;
      }
    }
  }

  private static long rank(int person, int day, long secret) {
    long h = secret ^ ((long) person << DAY_BITS | day);
    h = (h ^ (h >>> 32)) * 0xd6e8feb86659fd93L;
    h = (h ^ (h >>> 32)) * 0xd6e8feb86659fd93L;
    // the day in the low bits: no two days of a person share a rank
    return (h ^ (h >>> 32)) << DAY_BITS | day;
  }

  private void add(IdSet people, int person, @Nullable Integer day, int group) {
    if (count == JoinParameters.ITEMS_MAX) {
      throw new ProblemException(
          ErrorCode.TOO_LARGE, "items", "at most " + JoinParameters.ITEMS_MAX, "more");
    }
    int length = people.length(person);
    int bytes = length + (day == null ? 0 : Integer.BYTES);
    if (id.length < bytes) {
      id = new byte[2 * bytes];
    }
    System.arraycopy(people.arena(), people.offset(person), id, 0, length);
    if (day != null) {
      ByteBuffer.wrap(id).putInt(length, day);
    }
    keys.add(Arrays.copyOf(id, bytes));
    if (count == groups.length) {
      groups = Arrays.copyOf(groups, 2 * count);
    }
    groups[count++] = group;
  }

  /** Rows by person, then day: a long each of person, day and row. */
  private static long[] byPersonAndDay(PersonRows rows) {
    if (rows.people().size() > 1 << PERSON_BITS) {
      throw new ProblemException(
          ErrorCode.TOO_LARGE, "items", "at most " + (1 << PERSON_BITS) + " people", "more");
    }
    long[] order = new long[rows.size()];
    for (int row = 0; row < order.length; row++) {
      // days from 1970 to 2328 and as many before it
      int day = Math.clamp(rows.day(row), -(1 << DAY_BITS - 1), (1 << DAY_BITS - 1) - 1);
      order[row] =
          ((long) rows.person(row) << DAY_BITS | day + (1 << DAY_BITS - 1)) << ROW_BITS | row;
    }
    Arrays.sort(order);
    return order;
  }

  private static int person(long packed) {
    return (int) (packed >>> DAY_BITS + ROW_BITS);
  }

  private static int day(long packed) {
    return (int) (packed >>> ROW_BITS) & (1 << DAY_BITS) - 1;
  }

  private static int row(long packed) {
    return (int) packed & (1 << ROW_BITS) - 1;
  }
}
