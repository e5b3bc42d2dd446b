package hesuan.ids;

/** What became of one raw identifier. */
public sealed interface NormalId {

  /** The text on which parties match. Personal data: for protocols, never for a message or log. */
  record Normalised(String value) implements NormalId {
    @Override
    public String toString() {
      return "Normalised[redacted]";
    }
  }

  /** Null, or nothing left after trimming: the person is unknown, which is no error. */
  record Empty() implements NormalId {}

  /** Something is there, but it is no identifier of the rule's kind. */
  record Malformed() implements NormalId {}
}
