-- The chain is the truth; the tables below it are what it adds up to, checked on every opening.
-- Each entry holds the digest of the one before, and head is its own. Never changed, never deleted.
CREATE TABLE budget_entry (
  number INTEGER PRIMARY KEY,
  body BLOB NOT NULL,
  head TEXT NOT NULL
) STRICT;

-- All epsilon in millionths. limit_micros is for the product's life; rate_micros at most in any
-- rate_days in a row, where rate_days is not 0.
CREATE TABLE budget_line (
  asset TEXT NOT NULL,
  unit TEXT NOT NULL,
  limit_micros INTEGER NOT NULL CHECK (limit_micros >= 0),
  rate_micros INTEGER NOT NULL CHECK (rate_micros >= 0),
  rate_days INTEGER NOT NULL CHECK (rate_days >= 0),
  reserved_micros INTEGER NOT NULL CHECK (reserved_micros >= 0),
  charged_micros INTEGER NOT NULL CHECK (charged_micros >= 0),
  PRIMARY KEY (asset, unit)
) STRICT;

-- reserved -> charged, or reserved -> freed. Charged is for ever.
CREATE TABLE budget_spending (
  job TEXT NOT NULL,
  asset TEXT NOT NULL,
  unit TEXT NOT NULL,
  micros INTEGER NOT NULL CHECK (micros >= 0),
  state TEXT NOT NULL CHECK (state IN ('reserved', 'charged', 'freed')),
  at_seconds INTEGER NOT NULL,
  PRIMARY KEY (job, asset, unit)
) STRICT;

CREATE INDEX budget_spending_by_time ON budget_spending (asset, unit, at_seconds, state, micros);

-- A query that was charged, and the seed of its noise: asked again, it costs nothing and says the same.
CREATE TABLE budget_query (
  query TEXT PRIMARY KEY,
  job TEXT NOT NULL,
  noise_seed BLOB NOT NULL
) STRICT;

-- Heads of this chain that others hold and this disk does not know: something was rolled back.
CREATE TABLE budget_lost (
  number INTEGER PRIMARY KEY,
  head TEXT NOT NULL,
  told_by TEXT NOT NULL
) STRICT;

-- The latest head of another party's chain, as it signed it: told to it when it asks.
CREATE TABLE budget_witnessed (
  party TEXT PRIMARY KEY,
  number INTEGER NOT NULL,
  envelope BLOB NOT NULL
) STRICT;
