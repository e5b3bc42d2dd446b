-- How many items a counterparty may ask of a product, where its owner has said so; NULL is without limit.
CREATE TABLE query_limit (
  asset TEXT NOT NULL,
  asker TEXT NOT NULL,
  items INTEGER CHECK (items >= 0),
  PRIMARY KEY (asset, asker)
) STRICT;

-- Items that a job lets a counterparty ask. reserved -> charged, or reserved -> freed. usual is the
-- limit that stood where the owner had said nothing; times counts answers to what may be other items.
-- attempt is the latest that was answered, elements what it asked where that can be told.
CREATE TABLE query_spending (
  job TEXT NOT NULL,
  product TEXT NOT NULL,
  asset TEXT NOT NULL,
  asker TEXT NOT NULL,
  lookup INTEGER NOT NULL CHECK (lookup IN (0, 1)),
  items INTEGER NOT NULL CHECK (items >= 0),
  usual INTEGER NOT NULL CHECK (usual >= 0),
  state TEXT NOT NULL CHECK (state IN ('reserved', 'charged', 'freed')),
  times INTEGER NOT NULL CHECK (times >= 1),
  attempt INTEGER NOT NULL DEFAULT 0,
  elements TEXT,
  PRIMARY KEY (job, product, asker)
) STRICT;

CREATE INDEX query_spending_by_asker ON query_spending (asset, asker, state, items, times);

-- The entry that resolved a rollback: behind it, what is usual no longer holds for any product.
CREATE TABLE query_stopped (
  number INTEGER PRIMARY KEY
) STRICT;
