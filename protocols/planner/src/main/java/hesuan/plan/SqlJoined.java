package hesuan.plan;

import hesuan.dp.QueryNoise;
import hesuan.join.JoinParameters;
import hesuan.wire.ErrorCode;
import hesuan.wire.JobSpec;
import hesuan.wire.PartyId;
import hesuan.wire.Plan;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.calcite.sql.JoinConditionType;
import org.apache.calcite.sql.JoinType;
import org.apache.calcite.sql.SqlBasicCall;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlJoin;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.util.SqlBasicVisitor;

/**
 * FROM two owners' tables joined on the person: which of them has the groups and which the figures.
 * Every expression is about one of them and is computed there; what needs both is refused at its
 * place.
 */
record SqlJoined(
    SqlSource source,
    SqlTables groupedTables,
    SqlTables.Rows grouped,
    SqlTables figuredTables,
    SqlTables.Rows figured) {

  /** One of the two, as FROM names it. */
  private record Table(SqlNode node, String alias, Product product) {
    boolean has(String column) {
      return product.column(column).isPresent();
    }
  }

  /** Whether FROM joins two inputs, and not an input to a table that the query writes out. */
  static boolean isJoin(SqlSelect select, JobSpec job) {
    return select.getFrom() instanceof SqlJoin join
        && join.getJoinType() != JoinType.COMMA
        && isInput(join.getLeft(), job)
        && isInput(join.getRight(), job)
        && !SqlTables.expression(join.getLeft())
            .toString()
            .equals(SqlTables.expression(join.getRight()).toString());
  }

  private static boolean isInput(SqlNode node, JobSpec job) {
    SqlNode name = SqlTables.expression(node);
    return name instanceof SqlIdentifier identifier
        && identifier.isSimple()
        && job.inputs().containsKey(identifier.getSimple());
  }

  static SqlJoined of(SqlSource source, JobSpec job, Inputs inputs, SqlSelect select) {
    SqlJoin join = (SqlJoin) java.util.Objects.requireNonNull(select.getFrom());
    return new Reading(
            source,
            job,
            table(source, inputs, join.getLeft()),
            table(source, inputs, join.getRight()))
        .read(inputs, select, join);
  }

  private static Table table(SqlSource source, Inputs inputs, SqlNode node) {
    String input = ((SqlIdentifier) SqlTables.expression(node)).getSimple();
    String alias = SqlTables.alias(node);
    if (alias.isEmpty()) {
      throw source.unsupported(node, "table AS alias");
    }
    return new Table(node, alias, inputs.whole(input, SqlSource.at(node)));
  }

  List<Product> products() {
    return List.of(groupedTables.parts().getFirst(), figuredTables.parts().getFirst());
  }

  /** What the protocol carries. */
  void requireFits(SqlSelect select, int groups, List<Plan.Aggregate> aggregates) {
    if (groups > JoinParameters.GROUPS_MAX) {
      throw source.refused(
          ErrorCode.TOO_LARGE,
          select.getGroup(),
          "at most %d groups over a join, not %d".formatted(JoinParameters.GROUPS_MAX, groups));
    }
    boolean trees = aggregates.stream().anyMatch(a -> QueryNoise.width(a) > 1);
    if (trees || aggregates.size() > JoinParameters.FIGURES_MAX) {
      throw source.refused(
          ErrorCode.TOO_LARGE,
          select.getSelectList(),
          "at most %d noised figures over a join, no MEDIAN or QUANTILE, not %d"
              .formatted(JoinParameters.FIGURES_MAX, aggregates.size()));
    }
  }

  private record Reading(SqlSource source, JobSpec job, Table left, Table right) {
    SqlJoined read(Inputs inputs, SqlSelect select, SqlJoin join) {
      Inputs.ofDifferentOwners(List.of(left.product, right.product), 2);
      Inputs.onePrivacyUnit(job, List.of(left.product, right.product), false);
      requireOnPerson(join);
      if (left.alias.equals(right.alias)) {
        throw source.unsupported(right.node, "an alias of its own");
      }
      if (job.privacy().maxGroups() != 1) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE,
            "privacy.maxGroups",
            "1: over a join a person counts in one group",
            "" + job.privacy().maxGroups());
      }
      Table groups = groups(select);
      Inputs.mustReceive(job, groups.product.ref().party());
      List<SqlNode> ofGroups = new ArrayList<>();
      List<SqlNode> ofFigures = new ArrayList<>();
      SqlNode where = select.getWhere();
      if (where != null) {
        for (SqlNode term : SqlRows.terms(where, SqlKind.AND)) {
          (only(term).equals(groups) ? ofGroups : ofFigures).add(term);
        }
      }
      Table figures = groups.equals(left) ? right : left;
      for (SqlNode value : values(select)) {
        if (about(value).contains(groups)) {
          throw source.unsupported(
              value,
              "a value of %s: groups are of one owner, figures of the other"
                  .formatted(figures.alias));
        }
      }
      SqlTables groupedTables = new SqlTables(source, job, inputs);
      SqlTables figuredTables = new SqlTables(source, job, inputs);
      return new SqlJoined(
          source,
          groupedTables,
          groupedTables.side(groups.alias, groups.product, ofGroups),
          figuredTables,
          figuredTables.side(figures.alias, figures.product, ofFigures));
    }

    private void requireOnPerson(SqlJoin join) {
      String mine = left.product.id().column();
      String theirs = right.product.id().column();
      String expected =
          mine.equals(theirs)
              ? "JOIN %s USING (%s)".formatted(right.alias, mine)
              : "ON %s.%s = %s.%s".formatted(left.alias, mine, right.alias, theirs);
      boolean inner = join.getJoinType() == JoinType.INNER && !join.isNatural();
      SqlNode condition = join.getCondition();
      boolean using =
          join.getConditionType() == JoinConditionType.USING
              && condition instanceof SqlNodeList list
              && list.size() == 1
              && list.get(0).toString().equals(mine)
              && mine.equals(theirs);
      boolean on =
          join.getConditionType() == JoinConditionType.ON
              && condition instanceof SqlCall call
              && call.getKind() == SqlKind.EQUALS
              && Set.of(call.operand(0).toString(), call.operand(1).toString())
                  .equals(Set.of(left.alias + "." + mine, right.alias + "." + theirs));
      if (!inner || !using && !on) {
        throw source.unsupported(right.node, expected + ", the person in both");
      }
    }

    /** That of the keys; without keys that of which no figure is made. */
    private Table groups(SqlSelect select) {
      SqlNodeList keys = select.getGroup();
      Set<Table> of = new LinkedHashSet<>();
      if (keys != null) {
        for (SqlNode key : keys) {
          of.add(only(meant(key, select)));
        }
        if (of.size() > 1) {
          throw source.unsupported(keys, "keys of one table: groups are of one owner");
        }
        return of.iterator().next();
      }
      values(select).forEach(value -> of.addAll(about(value)));
      if (of.size() == 1) {
        return of.contains(left) ? right : left;
      }
      PartyId first = job.outputs().getFirst().to().getFirst();
      return right.product.ref().party().equals(first) ? right : left;
    }

    private SqlNode meant(SqlNode key, SqlSelect select) {
      if (key instanceof SqlIdentifier name
          && name.isSimple()
          && !left.has(name.getSimple())
          && !right.has(name.getSimple())) {
        for (SqlNode item : select.getSelectList()) {
          if (item instanceof SqlBasicCall as
              && as.getKind() == SqlKind.AS
              && as.operand(1).toString().equals(name.getSimple())) {
            return as.operand(0);
          }
        }
      }
      return key;
    }

    private Table only(SqlNode node) {
      Set<Table> of = about(node);
      if (of.size() != 1) {
        throw source.unsupported(
            node,
            "an expression over columns of %s or of %s, not of both"
                .formatted(left.alias, right.alias));
      }
      return of.iterator().next();
    }

    /** What aggregates are made of. */
    private static List<SqlNode> values(SqlSelect select) {
      List<SqlNode> values = new ArrayList<>();
      SqlBasicVisitor<Void> visitor =
          new SqlBasicVisitor<>() {
            @Override
            public Void visit(SqlCall call) {
              if (SqlFigures.isAggregate(call)) {
                values.addAll(call.getOperandList());
                return null;
              }
              return super.visit(call);
            }
          };
      select.getSelectList().accept(visitor);
      if (select.getHaving() != null) {
        select.getHaving().accept(visitor);
      }
      return values;
    }

    /** The tables of which it has columns; the person is of both, and so of neither. */
    private Set<Table> about(SqlNode node) {
      Set<Table> tables = new LinkedHashSet<>();
      node.accept(
          new SqlBasicVisitor<Void>() {
            @Override
            public Void visit(SqlIdentifier identifier) {
              if (!identifier.isStar()) {
                add(identifier, tables);
              }
              return null;
            }
          });
      return tables;
    }

    private void add(SqlIdentifier identifier, Set<Table> tables) {
      String column = identifier.names.getLast();
      boolean qualified = identifier.names.size() == 2;
      String table = identifier.names.getFirst();
      boolean ofLeft = left.has(column) && (!qualified || table.equals(left.alias));
      boolean ofRight = right.has(column) && (!qualified || table.equals(right.alias));
      boolean person =
          (!ofLeft || column.equals(left.product.id().column()))
              && (!ofRight || column.equals(right.product.id().column()));
      if (!ofLeft && !ofRight) {
        throw source.refused(
            ErrorCode.UNKNOWN_COLUMN,
            identifier,
            "a column of %s or %s".formatted(left.alias, right.alias));
      }
      if (person) {
        return;
      }
      if (ofLeft && ofRight) {
        throw source.unsupported(
            identifier, "%s.%s or %s.%s".formatted(left.alias, column, right.alias, column));
      }
      tables.add(ofLeft ? left : right);
    }
  }
}
