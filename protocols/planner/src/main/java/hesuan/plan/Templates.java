package hesuan.plan;

import hesuan.wire.ErrorCode;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import java.util.List;

/** The list of templates: closed, so that every party compiles a job alike. */
public final class Templates {
  private static final List<Template> ALL =
      List.of(
          new AggregateStatistics(),
          new AggregateSum(),
          new AudienceMembers("audience.difference", Plan.Keep.MISSING),
          new AudienceMembers("audience.intersect", Plan.Keep.SHARED),
          new AudienceOverlap(),
          new LearnFederated(),
          new MeasureJoin("measure.attribution", Plan.Measure.ATTRIBUTION),
          new MeasureJoin("measure.join", Plan.Measure.STATISTICS),
          new MeasureJoin("measure.lift", Plan.Measure.LIFT));

  private Templates() {}

  public static List<Template> all() {
    return ALL;
  }

  public static Template of(String name, String at) {
    return ALL.stream()
        .filter(t -> t.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new ProblemException(
                    ErrorCode.INVALID_VALUE,
                    at,
                    "one of " + ALL.stream().map(Template::name).toList(),
                    name));
  }
}
