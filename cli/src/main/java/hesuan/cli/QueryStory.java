package hesuan.cli;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.dp.Answer;
import hesuan.dp.GroupSelection;
import hesuan.dp.QueryNoise;
import hesuan.wire.Epsilon;
import hesuan.wire.Figure;
import hesuan.wire.Json;
import hesuan.wire.Plan;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a planned SQL query would do and how good its answer would be, in sentences. */
final class QueryStory {
  /**
   * Sizes of a group for which the error is told: a small one that may be shown, and a large one.
   */
  private static final long LARGE = 10_000;

  private QueryStory() {}

  /** Tells nothing of other kinds of step. */
  static void tell(Console console, JsonNode planned) {
    if (planned.path("plan").isMissingNode() || planned.path("plan").isNull()) {
      return;
    }
    Plan plan = Json.read(Json.canonical(planned.path("plan")), Plan.class);
    for (Plan.Step step : plan.steps()) {
      if (step instanceof Plan.DpQuery query) {
        console.say("  each owner runs on its part: %s", "  各方在本方数据上运行：%s", query.rows());
        tell(console, query, plan);
      }
      if (step instanceof Plan.JoinQuery join) {
        console.say(
            "  the owner of the groups runs on its rows: %s",
            "  分组所属方在本方数据上运行：%s", join.groupRows());
        console.say(
            "  the owner of the figures runs on its rows: %s",
            "  统计量所属方在本方数据上运行：%s", join.figures().rows());
        tell(console, join.figures(), plan);
      }
    }
  }

  private static void tell(Console console, Plan.DpQuery query, Plan plan) {
    console.say(
        "  of a person at most %d groups and %d rows in each count; %s, %d noised figures",
        "  每人最多计入 %d 个分组、每组 %d 行；%s、%d 个加噪统计量",
        query.maxGroups(),
        query.maxRows(),
        query.selection() == null
            ? console.text(query.groups().size() + " groups", "共 " + query.groups().size() + " 个分组")
            : console.text("groups as the owners select them", "分组由各方自行选出"),
        query.aggregates().size());
    if (query.selection() != null) {
      keys(console, query, query.selection());
    }
    if (query.shared() != null) {
      shared(console, query, query.shared());
    }
    QueryNoise noise = QueryNoise.of(query, plan.minGroup());
    int owners = query.products().size();
    long small = Math.max(1, plan.minGroup());
    List<@Nullable String> some = Answer.expectedErrors(query, noise, owners, small);
    List<@Nullable String> many = Answer.expectedErrors(query, noise, owners, LARGE);
    for (int c = 0; c < some.size(); c++) {
      Plan.Column column = query.outcome().columns().get(c);
      if (!Answer.isKey(column)) {
        console.say(
            "  %s (epsilon %s): within ±%s in a group of %d rows, ±%s of %d (%d %%)",
            "  %s（epsilon %s）：%4$d 行的分组误差在 ±%3$s 以内，%6$d 行的在 ±%5$s 以内（%7$d %%）",
            column.as(),
            epsilon(query, column),
            orUnbounded(console, some.get(c)),
            small,
            orUnbounded(console, many.get(c)),
            LARGE,
            QueryNoise.CONFIDENCE_PERCENT);
      }
    }
  }

  private static void shared(Console console, Plan.DpQuery query, Plan.SharedNoise shared) {
    int owners = query.products().size();
    console.say(
        "  the noise is shared by %d owners, of whom at most %d may be unreliable: each adds 1/%d of what protects (rho %s, delta %s); a column's epsilon says its part of it",
        "  噪声由 %d 方共同加入，其中至多 %d 方不可信：每方加入所需噪声的 1/%d（rho %s，delta %s）；各列的 epsilon 表示其所占份额",
        owners,
        shared.unreliable(),
        owners - shared.unreliable(),
        shared.rho(),
        shared.delta());
  }

  private static void keys(Console console, Plan.DpQuery query, Plan.Selection selection) {
    GroupSelection rule = GroupSelection.of(query);
    console.say(
        "  keys (epsilon %s, delta %s): an owner tells a group never below %d of its people, every other time at %d, always from %d; at most %d groups",
        "  分组键（epsilon %s，delta %s）：一方人数低于 %d 时从不告知，%d 人时有一半机会告知，%d 人起必定告知；每方最多 %d 个",
        selection.epsilon(),
        selection.delta(),
        selection.peopleMin(),
        rule.evenFrom(),
        rule.rule().certainFrom(),
        selection.groupsMax());
  }

  /** Of all figures that the column is made of; columns that share a figure share its epsilon. */
  private static Epsilon epsilon(Plan.DpQuery query, Plan.Column column) {
    return Figure.noised(column.figure()).stream()
        .map(f -> query.aggregates().get(f).epsilon())
        .reduce(Epsilon.ZERO, Epsilon::plus);
  }

  private static String orUnbounded(Console console, @Nullable String error) {
    return error == null ? console.text("any amount", "任意值") : error;
  }

  /** What a receiver learns, in words; codes that are not told here stand as they are. */
  static String learns(Console console, String code) {
    return switch (code) {
      case "dpQuery.noisedCells" ->
          console.text(
              "the figures of each large enough group, with noise and intervals (dpQuery.noisedCells)",
              "每个足够大的分组的加噪统计量及其区间（dpQuery.noisedCells）");
      case "dpQuery.selectedKeys" ->
          console.text(
              "the groups that the owners selected, not whose each is (dpQuery.selectedKeys)",
              "各方选出的分组，但不知由谁选出（dpQuery.selectedKeys）");
      case "dpQuery.keysOfEachOwner" ->
          console.text(
              "the groups that each owner selected (dpQuery.keysOfEachOwner)",
              "每一方选出的分组（dpQuery.keysOfEachOwner）");
      case "secureSum.totals" ->
          console.text("the exact totals (secureSum.totals)", "精确合计（secureSum.totals）");
      case "secureSum.rows" ->
          console.text("how many rows each group has (secureSum.rows)", "各分组的行数（secureSum.rows）");
      case "secureSum.counts" ->
          console.text(
              "how many rows with a value each group has (secureSum.counts)",
              "各分组有值的行数（secureSum.counts）");
      case "secureSum.squares" ->
          console.text(
              "the exact sums of squared distances from the middle of the bounds (secureSum.squares)",
              "到上下界中点距离的平方和，精确值（secureSum.squares）");
      case "secureSum.histogram" ->
          console.text(
              "how many values lie in each bin (secureSum.histogram)",
              "每个区间内值的个数（secureSum.histogram）");
      case "secureSum.figures" ->
          console.text(
              "the figures asked for, exactly; quantiles as bins (secureSum.figures)",
              "所求统计量的精确值，分位数给出区间（secureSum.figures）");
      case "overlap.noisedCounts" ->
          console.text(
              "counts with noise, small groups left out (overlap.noisedCounts)",
              "加噪计数，小分组除外（overlap.noisedCounts）");
      case "overlap.sizes" ->
          console.text(
              "how many ids the others put in, dummies included (overlap.sizes)",
              "其他各方的标识数量，含虚拟项（overlap.sizes）");
      case "intersect.sizes" ->
          console.text(
              "how many people the other put in (intersect.sizes)", "对方投入的人数（intersect.sizes）");
      case "intersect.sizesInSteps" ->
          console.text(
              "how many people the other put in, rounded up to sizeStep (intersect.sizesInSteps)",
              "对方投入的人数，按 sizeStep 向上取整（intersect.sizesInSteps）");
      case "lookup.changes" ->
          console.text(
              "about how many rows of the other changed since it last asked, and which of those it had asked about came or went (lookup.changes)",
              "自上次查询以来对方约有多少行变化，以及此前查询过的人中谁加入或离开（lookup.changes）");
      case "intersect.count" ->
          console.text("how many people they share (intersect.count)", "共有多少人（intersect.count）");
      case "intersect.ownMembers" ->
          console.text(
              "which of its own people the other has too (intersect.ownMembers)",
              "本方哪些人也在对方（intersect.ownMembers）");
      default -> code;
    };
  }
}
