package hesuan.policy;

import hesuan.policy.Decision.Change;
import hesuan.policy.Decision.Reason;
import hesuan.wire.Epsilon;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Decisions in plain words, in English and Chinese. Rules and changes that this table does not know
 * (a party's own rules) are told by their names and figures.
 */
public final class Explanation {
  /** How the figures of a rule are written for people. */
  private enum Figure {
    AS_IS,
    EPSILON,
    DELTA,
    DAY
  }

  private record Words(Figure figure, String english, String chinese) {}

  private static final Map<String, Words> RULES =
      Map.ofEntries(
          rule("input.malformed", "the question was malformed", "请求格式不正确"),
          rule("input.size", "the question is too large", "请求过大"),
          rule("settings.malformed", "the party's settings are malformed", "参与方设置格式不正确"),
          rule("engine.busy", "the policy engine was busy", "策略引擎繁忙"),
          rule("engine.interrupted", "the decision was interrupted", "策略判定被中断"),
          rule("engine.timeout", "the policy engine was late", "策略引擎超时"),
          rule("engine.result", "the policy gave no valid answer", "策略未给出有效结果"),
          rule("obligation.unmet", "the plan does not meet obligation {at}", "计划未满足义务 {at}"),
          rule("engine.failed", "the policy engine failed", "策略引擎出错"),
          rule("all.frozen", "the party has frozen everything", "该参与方已全面冻结"),
          rule("party.frozen", "{found} is frozen", "{found} 已被冻结"),
          rule("product.frozen", "product {at} is frozen", "数据产品 {at} 已被冻结"),
          rule("contract.frozen", "contract {found} is frozen", "合约 {found} 已被冻结"),
          rule("party.denied", "the party does not work with {found}", "该参与方不与 {found} 合作"),
          rule(
              "purpose.unknown",
              "purpose {found} is not one the party knows ({expected})",
              "用途 {found} 不在该参与方的用途树中（{expected}）"),
          rule("purpose.denied", "the party denies purpose {found}", "该参与方拒绝用途 {found}"),
          rule("protocol.denied", "the party denies protocol {found}", "该参与方拒绝协议 {found}"),
          rule("contract.withdrawn", "the contract was withdrawn", "合约已被撤回"),
          rule(
              Figure.DAY,
              "contract.early",
              "the contract begins on {expected}, today is {found}",
              "合约自 {expected} 起生效，今天是 {found}"),
          rule(
              Figure.DAY,
              "contract.expired",
              "the contract ended on {expected}, today is {found}",
              "合约已于 {expected} 到期，今天是 {found}"),
          rule(
              "contract.jobs",
              "the contract allows {expected} jobs and has seen {found}",
              "合约允许 {expected} 个作业，已用 {found} 个"),
          rule(
              "contract.party",
              "{found} is no party to the contract ({expected})",
              "{found} 不是合约参与方（{expected}）"),
          rule(
              "contract.purpose",
              "purpose {found} is outside the contract ({expected})",
              "用途 {found} 超出合约（{expected}）"),
          rule(
              "contract.product",
              "product {found} is outside the contract ({expected})",
              "数据产品 {found} 不在合约内（{expected}）"),
          rule(
              "contract.protocol",
              "protocol {found} is outside the contract ({expected})",
              "协议 {found} 不在合约内（{expected}）"),
          rule(
              "contract.output",
              "output {at} ({found}) is outside the contract ({expected})",
              "输出 {at}（{found}）超出合约（{expected}）"),
          rule("product.withdrawn", "product {at} was withdrawn", "数据产品 {at} 已被撤回"),
          rule(
              "product.unknown", "{found} is not one of the plan's products", "{found} 不是计划中的数据产品"),
          rule("column.unknown", "{at} has no column {found}", "{at} 没有列 {found}"),
          rule(
              "disclosure.level",
              "{at} may be used up to level {expected}, the plan asks for {found}",
              "{at} 最多可用到 {expected} 级，计划要求 {found} 级"),
          rule(
              "group.minimum",
              "groups of at least {expected} are required, the plan allows {found}",
              "分组下限须为 {expected}，计划为 {found}"),
          rule(
              Figure.EPSILON,
              "epsilon.maximum",
              "one job may spend at most epsilon {expected} on {at}, the plan charges {found}",
              "单个作业对 {at} 最多消耗 epsilon {expected}，计划消耗 {found}"),
          rule(
              Figure.DELTA,
              "delta.maximum",
              "delta may be at most {expected}, the plan charges {found} on {at}",
              "delta 最大为 {expected}，计划对 {at} 为 {found}"),
          rule(
              "publish.owner",
              "{expected} cannot publish a product of {found}",
              "{expected} 不能发布 {found} 的数据产品"),
          rule("publish.column", "column {found} is on the negative list", "列 {found} 在负面清单中"),
          rule(
              "publish.identifier",
              "the identifying column {at} may be disclosed up to joinKey, the rule says {found}"
                  + " (plain only to named receivers for audience.intersect)",
              "标识列 {at} 最多披露到 joinKey，规则为 {found}（plain 仅限指名接收方、且仅用于 audience.intersect）"),
          rule(
              "publish.minGroup",
              "the terms ask for groups of {found}, the party for at least {expected}",
              "条款的分组下限为 {found}，该参与方要求至少 {expected}"),
          rule(
              Figure.EPSILON,
              "publish.maxEpsilon",
              "the terms grant epsilon {found} a job, the party at most {expected}",
              "条款允许每作业 epsilon {found}，该参与方最多 {expected}"),
          rule(
              "release.output",
              "{at} ({found}) is no output of the plan ({expected})",
              "{at}（{found}）不是计划的输出（{expected}）"),
          rule("release.receiver", "output {at} names no receiver", "输出 {at} 没有接收方"),
          rule(
              "release.column",
              "column {found} may not leave in {at}; the plan releases: {expected}",
              "列 {found} 不得随 {at} 释放；计划可释放：{expected}"),
          rule(
              "release.rows",
              "the plan has {expected} cells, the output {found}",
              "计划有 {expected} 个单元，输出有 {found} 个"),
          rule(
              "release.group",
              "groups of at least {expected} may leave, the output has {found}",
              "至少 {expected} 人的分组才可释放，输出为 {found}"),
          rule(
              "release.members",
              "a list of at least {expected} people may leave, {at} has {found}",
              "至少 {expected} 人的名单才可释放，{at} 有 {found} 人"),
          rule(
              Figure.EPSILON,
              "release.epsilon",
              "epsilon {expected} was charged, the output claims {found}",
              "已扣 epsilon {expected}，输出声称 {found}"));

  private static final Map<String, Words> CHANGES =
      Map.ofEntries(
          rule("none", "no change of the job would pass", "改动作业无法通过"),
          rule("use.level", "use column {1} of {0} at level {2}", "将 {0} 的列 {1} 用到 {2} 级"),
          rule("use.drop", "do not use column {1} of {0}", "不使用 {0} 的列 {1}"),
          rule("privacy.minGroup", "set privacy.minGroup to {0}", "将 privacy.minGroup 设为 {0}"),
          rule(
              Figure.EPSILON,
              "privacy.epsilon",
              "set privacy.epsilon to {0}",
              "将 privacy.epsilon 设为 {0}"),
          rule(Figure.DELTA, "privacy.delta", "set privacy.delta to {0}", "将 privacy.delta 设为 {0}"),
          rule("purpose.choose", "choose one of these purposes: {*}", "选择以下用途之一：{*}"),
          rule("contract.sign", "sign a new contract after {0}", "在 {0} 之后另签新合约"),
          rule("contract.extend", "sign a contract whose {0} include {1+}", "签署 {0} 包含 {1+} 的合约"),
          rule(Figure.DAY, "run.from", "run it from {0} on", "自 {0} 起运行"),
          rule("product.replace", "use another version than {0}", "改用 {0} 之外的版本"),
          rule("party.ask", "ask {0} to lift it", "请 {0} 解除"),
          rule("party.drop", "leave out {0}", "去除 {0}"),
          rule("protocol.drop", "do without {0}", "不使用 {0}"),
          rule("output.drop", "do not release column {0}", "不释放列 {0}"),
          rule("column.drop", "leave out column {0}", "去除列 {0}"),
          rule("rule.level", "lower the rule on column {0} to {1}", "将列 {0} 的规则降到 {1}"),
          rule("terms.minGroup", "set terms.minGroup to {0}", "将 terms.minGroup 设为 {0}"),
          rule(
              Figure.EPSILON,
              "terms.maxEpsilon",
              "set terms.maxEpsilon to {0}",
              "将 terms.maxEpsilon 设为 {0}"));

  private Explanation() {}

  /** Why not, and the smallest change that would pass. */
  public static String sentence(Reason reason, boolean chinese) {
    String why = why(reason, chinese);
    String change = change(reason.change(), chinese);
    return chinese ? why + "；" + change + "。" : why + "; " + change + ".";
  }

  public static String why(Reason reason, boolean chinese) {
    Words words = RULES.get(reason.rule());
    if (words == null) {
      return chinese
          ? "%s（%s）：期望 %s，实际 %s"
              .formatted(reason.rule(), reason.at(), expected(reason), found(reason))
          : "%s (%s): expected %s, found %s"
              .formatted(reason.rule(), reason.at(), expected(reason), found(reason));
    }
    return fill(
        chinese ? words.chinese() : words.english(),
        List.of(reason.at(), expected(reason), found(reason)),
        List.of("{at}", "{expected}", "{found}"));
  }

  public static String change(Change change, boolean chinese) {
    Words words = CHANGES.get(change.kind());
    if (words == null) {
      return change.text();
    }
    List<String> values = new ArrayList<>();
    List<String> places = new ArrayList<>();
    List<String> args = change.args().stream().map(arg -> write(words.figure(), arg)).toList();
    for (int i = 0; i < args.size(); i++) {
      places.add("{" + i + "}");
      values.add(args.get(i));
    }
    places.add("{1+}");
    values.add(String.join(" ", args.subList(Math.min(1, args.size()), args.size())));
    places.add("{*}");
    values.add(String.join(", ", args));
    return fill(chinese ? words.chinese() : words.english(), values, places);
  }

  /** The rule's expected value as people write it: epsilon as a decimal, a day as a date. */
  public static String expected(Reason reason) {
    return write(figure(reason), reason.expected());
  }

  public static String found(Reason reason) {
    return write(figure(reason), reason.found());
  }

  static Set<String> rules() {
    return RULES.keySet();
  }

  static Set<String> changes() {
    return CHANGES.keySet();
  }

  private static Figure figure(Reason reason) {
    Words words = RULES.get(reason.rule());
    return words == null ? Figure.AS_IS : words.figure();
  }

  private static String write(Figure figure, String value) {
    try {
      return switch (figure) {
        case AS_IS -> value;
        case EPSILON -> new Epsilon(Long.parseLong(value)).toString();
        case DELTA ->
            BigDecimal.valueOf(Long.parseLong(value), 12).stripTrailingZeros().toPlainString();
        case DAY -> day(Long.parseLong(value)).toString();
      };
    } catch (NumberFormatException | DateTimeException | hesuan.wire.ProblemException e) {
      return value;
    }
  }

  /** Days since 1970, or seconds since 1970 where the number is too large for a day. */
  private static LocalDate day(long value) {
    long secondsMin = 10_000_000;
    return value < secondsMin
        ? LocalDate.ofEpochDay(value)
        : LocalDate.ofInstant(Instant.ofEpochSecond(value), java.time.ZoneOffset.UTC);
  }

  /** In one pass, so that a value that looks like a place is left alone. */
  private static String fill(String template, List<String> values, List<String> places) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < template.length(); ) {
      int place = -1;
      for (int k = 0; k < places.size(); k++) {
        if (template.startsWith(places.get(k), i)) {
          place = k;
        }
      }
      if (place < 0) {
        out.append(template.charAt(i++));
      } else {
        out.append(values.get(place));
        i += places.get(place).length();
      }
    }
    return out.toString();
  }

  private static Map.Entry<String, Words> rule(String name, String english, String chinese) {
    return rule(Figure.AS_IS, name, english, chinese);
  }

  private static Map.Entry<String, Words> rule(
      Figure figure, String name, String english, String chinese) {
    return Map.entry(name, new Words(figure, english, chinese));
  }
}
