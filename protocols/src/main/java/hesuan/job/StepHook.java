package hesuan.job;

/** Called by the drivers of both lives around every store; does nothing outside the kill test. */
@FunctionalInterface
public interface StepHook {
  StepHook NONE = step -> {};

  void at(StepName step);
}
