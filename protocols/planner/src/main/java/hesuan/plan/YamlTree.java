package hesuan.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.io.StringReader;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Iterator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.events.AliasEvent;
import org.yaml.snakeyaml.events.DocumentStartEvent;
import org.yaml.snakeyaml.events.Event;
import org.yaml.snakeyaml.events.MappingEndEvent;
import org.yaml.snakeyaml.events.MappingStartEvent;
import org.yaml.snakeyaml.events.NodeEvent;
import org.yaml.snakeyaml.events.ScalarEvent;
import org.yaml.snakeyaml.events.SequenceEndEvent;
import org.yaml.snakeyaml.events.SequenceStartEvent;
import org.yaml.snakeyaml.events.StreamStartEvent;

/**
 * YAML as a tree, built from its events: one document; no tag, anchor or alias; no key twice; the
 * plain scalars of YAML 1.2 (so {@code no} and {@code 12:30} are text). Nothing is constructed by a
 * name that the document chose.
 */
final class YamlTree {
  private static final int DEPTH_MAX = 20;
  private static final Pattern INTEGER = Pattern.compile("[-+]?(0|[1-9][0-9]{0,17})");
  private static final Pattern DECIMAL =
      Pattern.compile("[-+]?(0|[1-9][0-9]{0,17})(\\.[0-9]{1,30})?([eE][-+]?[0-9]{1,2})?");
  private final Iterator<Event> events;

  private YamlTree(Iterator<Event> events) {
    this.events = events;
  }

  static JsonNode read(String text) {
    LoaderOptions options = new LoaderOptions();
    options.setNestingDepthLimit(DEPTH_MAX);
    options.setCodePointLimit(text.length() + 1);
    try {
      YamlTree tree = new YamlTree(new Yaml(options).parse(new StringReader(text)).iterator());
      JsonNode root = tree.document();
      return root;
    } catch (MarkedYAMLException e) {
      throw malformed(e.getProblemMark(), "YAML", String.valueOf(e.getProblem()));
    } catch (YAMLException e) {
      throw malformed(null, "YAML", "characters or a depth that YAML does not allow");
    }
  }

  private JsonNode document() {
    Event event = events.next();
    while (event instanceof StreamStartEvent) {
      event = events.next();
    }
    if (!(event instanceof DocumentStartEvent)) {
      throw malformed(event.getStartMark(), "a document", "nothing");
    }
    JsonNode root = node(events.next(), 0);
    events.next(); // the document's end
    if (events.next() instanceof DocumentStartEvent second) {
      throw malformed(second.getStartMark(), "one document", "another");
    }
    return root;
  }

  private JsonNode node(Event event, int depth) {
    if (event instanceof AliasEvent) {
      throw malformed(event.getStartMark(), "no alias", "an alias");
    }
    if (event instanceof NodeEvent anchored && anchored.getAnchor() != null) {
      throw malformed(event.getStartMark(), "no anchor", "an anchor");
    }
    if (depth > DEPTH_MAX) {
      throw malformed(event.getStartMark(), "depth at most " + DEPTH_MAX, "deeper");
    }
    return switch (event) {
      case ScalarEvent scalar -> scalar(scalar);
      case MappingStartEvent start -> mapping(start, depth);
      case SequenceStartEvent start -> {
        refuseTag(start.getTag(), start);
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        Event next = events.next();
        while (!(next instanceof SequenceEndEvent)) {
          array.add(node(next, depth + 1));
          next = events.next();
        }
        yield array;
      }
      default -> throw malformed(event.getStartMark(), "a value", "none");
    };
  }

  private ObjectNode mapping(MappingStartEvent start, int depth) {
    refuseTag(start.getTag(), start);
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    Event next = events.next();
    while (!(next instanceof MappingEndEvent)) {
      if (!(next instanceof ScalarEvent key) || key.getAnchor() != null) {
        throw malformed(next.getStartMark(), "a field name", "another value");
      }
      refuseTag(key.getTag(), key);
      if (object.has(key.getValue())) {
        throw malformed(key.getStartMark(), "each field once", key.getValue() + " again");
      }
      object.set(key.getValue(), node(events.next(), depth + 1));
      next = events.next();
    }
    return object;
  }

  private static JsonNode scalar(ScalarEvent event) {
    refuseTag(event.getTag(), event);
    String text = event.getValue();
    JsonNodeFactory make = JsonNodeFactory.instance;
    if (event.getScalarStyle() != DumperOptions.ScalarStyle.PLAIN) {
      return make.textNode(text);
    }
    return switch (text) {
      case "", "~", "null" -> make.nullNode();
      case "true" -> make.booleanNode(true);
      case "false" -> make.booleanNode(false);
      default -> {
        if (INTEGER.matcher(text).matches()) {
          yield make.numberNode(new BigInteger(text).longValueExact());
        }
        yield DECIMAL.matcher(text).matches()
            ? make.numberNode(new BigDecimal(text))
            : make.textNode(text);
      }
    };
  }

  private static void refuseTag(@Nullable String tag, Event event) {
    if (tag != null) {
      throw malformed(event.getStartMark(), "no tag", tag);
    }
  }

  private static ProblemException malformed(@Nullable Mark mark, String expected, String found) {
    return new ProblemException(
        ErrorCode.MALFORMED_DOCUMENT,
        mark == null
            ? "document"
            : "line %d, column %d".formatted(mark.getLine() + 1, mark.getColumn() + 1),
        expected,
        found);
  }
}
