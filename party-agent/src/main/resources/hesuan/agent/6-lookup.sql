-- An own product version as a set that can be asked. Versions made of one another share epoch and
-- seed; the seed is gone once one of them is withdrawn. file lies in lookup/own, under file_key.
CREATE TABLE prepared_set (
  product TEXT PRIMARY KEY,
  asset TEXT NOT NULL,
  epoch TEXT NOT NULL,
  revision INTEGER NOT NULL CHECK (revision >= 0),
  seed BLOB NOT NULL,
  file TEXT NOT NULL,
  file_key BLOB NOT NULL,
  file_digest TEXT NOT NULL
) STRICT;

-- The latest filter of another's product, in lookup/others; may be lost.
CREATE TABLE kept_filter (
  asset TEXT PRIMARY KEY,
  epoch TEXT NOT NULL,
  filter TEXT NOT NULL,
  file TEXT NOT NULL,
  file_key BLOB NOT NULL,
  file_digest TEXT NOT NULL
) STRICT;
