package hesuan.plan;

import hesuan.wire.ErrorCode;
import hesuan.wire.IdRule;
import hesuan.wire.JobSpec;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import hesuan.wire.Product;
import hesuan.wire.ProductRef;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The products behind a job's inputs, and the questions that templates ask of them. */
public final class Inputs {
  private final Map<String, List<Product>> byAlias;

  Inputs(JobSpec job, Map<ProductRef, PublishedProduct> products) {
    byAlias = new TreeMap<>();
    job.inputs()
        .forEach(
            (alias, refs) ->
                byAlias.put(
                    alias,
                    refs.stream()
                        .map(ref -> product(alias, ref, products))
                        .sorted((a, b) -> a.ref().compareTo(b.ref()))
                        .toList()));
  }

  private static Product product(
      String alias, ProductRef ref, Map<ProductRef, PublishedProduct> products) {
    PublishedProduct published = products.get(ref);
    if (published == null) {
      throw new ProblemException(
          ErrorCode.UNKNOWN_PRODUCT, "inputs." + alias, "a published version", ref.toString());
    }
    return published.product();
  }

  /** A table whose every row is at one party. */
  public Product whole(String alias, String at) {
    List<Product> parts = table(alias, at);
    if (parts.size() != 1) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "inputs." + alias,
          "one product",
          parts.stream().map(p -> p.ref().toString()).toList().toString());
    }
    return parts.getFirst();
  }

  /** A table, in its parts. */
  public List<Product> table(String alias, String at) {
    List<Product> parts = byAlias.get(alias);
    if (parts == null) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, at, "one of the inputs " + byAlias.keySet(), alias);
    }
    return parts;
  }

  /** The one table of a job that has no other. */
  public List<Product> onlyTable() {
    if (byAlias.size() != 1) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "inputs",
          "one alias, with a product of each party",
          byAlias.keySet().toString());
    }
    return byAlias.values().iterator().next();
  }

  /** Every table, each whole, of different owners. */
  public List<Product> wholes() {
    List<Product> all = new ArrayList<>();
    byAlias.keySet().forEach(alias -> all.add(whole(alias, "inputs." + alias)));
    all.sort((a, b) -> a.ref().compareTo(b.ref()));
    return ofDifferentOwners(all, 2);
  }

  /** One person's rows in two products of one owner would be bounded twice, and so count twice. */
  public static List<Product> ofDifferentOwners(List<Product> products, int ownersMin) {
    Set<String> owners = new HashSet<>();
    for (Product product : products) {
      if (!owners.add(product.ref().party().value())) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE,
            "inputs",
            "one product of each owner",
            "another of " + product.ref().party() + ": " + product.ref());
      }
    }
    if (products.size() < ownersMin) {
      throw new ProblemException(
          ErrorCode.GROUP_TOO_SMALL,
          "inputs",
          "products of at least " + ownersMin + " owners",
          "" + products.size());
    }
    return products;
  }

  /** A column that every part has, with one type. */
  public static Product.ColumnType column(List<Product> parts, String name, String at) {
    Product.ColumnType type = null;
    for (Product part : parts) {
      Product.Column column =
          part.column(name)
              .orElseThrow(
                  () ->
                      new ProblemException(
                          ErrorCode.UNKNOWN_COLUMN,
                          at,
                          "a column of "
                              + part.ref()
                              + ": "
                              + part.columns().stream().map(Product.Column::name).toList(),
                          name));
      if (type != null && type != column.type()) {
        throw new ProblemException(
            ErrorCode.WRONG_TYPE,
            at,
            name + " of one type in all parts: " + type,
            column.type() + " in " + part.ref());
      }
      type = column.type();
    }
    if (type == null) {
      throw new IllegalArgumentException("a table without parts");
    }
    return type;
  }

  public static void columnOfType(
      List<Product> parts, String name, String at, List<Product.ColumnType> types) {
    Product.ColumnType type = column(parts, name, at);
    if (!types.contains(type)) {
      throw new ProblemException(
          ErrorCode.WRONG_TYPE, at, "a column of type " + types, name + " of type " + type);
    }
  }

  /** People are told apart alike in every product, and the job protects just them. */
  public static void onePrivacyUnit(JobSpec job, List<Product> products, boolean sameColumn) {
    String unit = job.privacy().unit();
    IdRule rule = products.getFirst().id().rule();
    for (Product product : products) {
      if (product.id().rule() != rule) {
        throw new ProblemException(
            ErrorCode.INVALID_VALUE,
            "inputs",
            "people identified by " + rule.text() + " in every product",
            product.id().rule().text() + " in " + product.ref());
      }
    }
    boolean matches =
        sameColumn
            ? products.stream().allMatch(p -> p.id().column().equals(unit))
            : products.stream().anyMatch(p -> p.id().column().equals(unit));
    if (!matches) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "privacy.unit",
          "the id column: " + products.stream().map(p -> p.ref() + "." + p.id().column()).toList(),
          unit);
    }
  }

  /**
   * Who leads where no column decides: the first receiver that owns one of the products. It sees
   * the raw answer, so it must be one that receives it anyway.
   */
  public static PartyId leader(JobSpec job, List<Product> products) {
    List<PartyId> owners = products.stream().map(p -> p.ref().party()).toList();
    return job.outputs().getFirst().to().stream()
        .filter(owners::contains)
        .findFirst()
        .orElseThrow(
            () ->
                new ProblemException(
                    ErrorCode.INVALID_VALUE,
                    "outputs[0].to",
                    "at least one of the owners " + owners + ", who leads",
                    job.outputs().getFirst().to().toString()));
  }

  public static void mustReceive(JobSpec job, PartyId leader) {
    List<PartyId> receivers = job.outputs().getFirst().to();
    if (!receivers.contains(leader)) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE,
          "outputs[0].to",
          leader + " among the receivers: the owner of the grouping column leads",
          receivers.toString());
    }
  }

  static List<ProductRef> refs(List<Product> products) {
    return products.stream().map(Product::ref).toList();
  }
}
