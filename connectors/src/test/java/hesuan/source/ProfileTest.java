package hesuan.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hesuan.ids.IdQuality;
import hesuan.wire.ErrorCode;
import hesuan.wire.IdRule;
import hesuan.wire.Product;
import hesuan.wire.Product.Column;
import hesuan.wire.Product.ColumnType;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProfileTest {
  private static final Product.Id PHONE = new Product.Id("phone", IdRule.PHONE_CN);

  @TempDir Path directory;

  private Profile profile(String csv) {
    return Profile.of(
        new Source.Csv(Samples.text(directory.resolve("a.csv"), csv)),
        PHONE,
        ReadLimits.in(directory.resolve("spill")));
  }

  @Test
  void csv_typesAreTheNarrowestThatFitEveryValue() {
    Profile profile =
        profile(
            """
            phone,n,amount,day,flag,shop,mixed,none,价格
            13812345678,1,1.50,2026-01-31,true,0042,1,,3
            13912345678,-20,3,2026-02-28,FALSE,0043,x,,4
            13812345678,,0.5,2026-03-01,true,1044,2,,5
            junk,7,-7.25,,,0045,3,,6
            """);
    assertEquals(
        List.of(
            new Column("phone", ColumnType.STRING),
            new Column("n", ColumnType.INTEGER),
            new Column("amount", ColumnType.DECIMAL),
            new Column("day", ColumnType.DATE),
            new Column("flag", ColumnType.BOOLEAN),
            new Column("shop", ColumnType.STRING),
            new Column("mixed", ColumnType.STRING),
            new Column("none", ColumnType.STRING)),
        profile.productColumns());
    assertEquals(4, profile.rows());
    assertEquals(List.of("价格"), profile.leftOut());
    assertEquals(new IdQuality(4, 0, 1, 1, 2), profile.ids());
    assertEquals(List.of(0L, 1L, 0L, 1L, 1L, 0L, 0L, 4L), nulls(profile));
    assertTrue(profile.columns().get(1).distinctEstimate() >= 2);
  }

  private static List<Long> nulls(Profile profile) {
    return profile.columns().stream().map(Profile.ColumnProfile::nulls).toList();
  }

  /** What the profile infers must be readable, or a product could be published and never used. */
  @Test
  void inferredTypes_canBeRead() {
    profile("phone,a,b,c\n13812345678, 7 ,+1.5,2026-01-01\n13912345678,-0,99999999.123456789,\n");
    Source source = new Source.Csv(directory.resolve("a.csv"));
    ReadLimits limits = ReadLimits.in(directory.resolve("spill"));
    List<Column> columns = Profile.of(source, PHONE, limits).productColumns();
    assertEquals(ColumnType.INTEGER, columns.get(1).type());
    try (SourceReader reader = SourceReader.open(source, columns, limits)) {
      reader.forEachBatch(
          columns.stream().map(Column::name).toList(),
          null,
          batch -> assertEquals(2, batch.getRowCount()));
    }
  }

  @Test
  void noRows_orNoIdColumn_areRefused() {
    Samples.refused(ErrorCode.SOURCE_EMPTY, () -> profile("phone,a\n"));
    Samples.refused(ErrorCode.SOURCE_EMPTY, () -> profile("phone,a\n,1\n"));
    Samples.refused(ErrorCode.UNKNOWN_COLUMN, () -> profile("tel,a\n1,2\n"));
  }
}
