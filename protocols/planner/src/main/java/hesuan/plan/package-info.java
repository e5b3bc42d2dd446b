/**
 * From what an analyst writes to what the parties sign: {@link hesuan.plan.JobReader} makes a job
 * of YAML or JSON, a {@link hesuan.plan.Template} or {@link hesuan.plan.SqlReader} makes a step of
 * the job, and {@link hesuan.plan.Planner} makes the plan. All of it is a pure function of its
 * arguments, because the coordinator and every agent run it and must come to the same bytes.
 */
@org.jspecify.annotations.NullMarked
package hesuan.plan;
