package hesuan.plan;

import com.fasterxml.jackson.databind.node.ObjectNode;
import hesuan.wire.JobSpec;
import hesuan.wire.Plan;

/**
 * A named question with parameters. To add one: write a class like {@link AudienceOverlap}, list it
 * in {@link Templates}, describe its parameters in {@code job.schema.json} and {@code
 * docs/jobs.md}, and add an example; the tests of this module say what was forgotten.
 */
public interface Template {
  /** As a job writes it: {@code audience.overlap}. */
  String name();

  /** The form of its output: {@code aggregate}, {@code model} or {@code members}. */
  String form();

  /** Checks the parameters as written and returns them with every default written in. */
  ObjectNode parameters(Fields written);

  /**
   * The step that answers the question. The job's parameters have passed {@link #parameters}.
   *
   * @throws hesuan.wire.ProblemException where the inputs do not suit the question
   */
  Plan.Step step(JobSpec job, Inputs inputs);
}
