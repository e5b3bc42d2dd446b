/**
 * A party's own data, read where it lies: a CSV or Parquet file or a table of a DuckDB file,
 * streamed as Arrow batches through an embedded DuckDB that can open that one file and no other; or
 * a table of PostgreSQL, copied into that DuckDB in one snapshot. What a protocol needs from it
 * comes as flat arrays ({@link hesuan.source.IdSet}, {@link hesuan.source.NumericTable}); what a
 * product says about it is measured ({@link hesuan.source.Profile}) and pinned ({@link
 * hesuan.source.Fingerprint}).
 */
@org.jspecify.annotations.NullMarked
package hesuan.source;
