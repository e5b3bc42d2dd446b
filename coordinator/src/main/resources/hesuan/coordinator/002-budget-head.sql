-- The latest head of each party's own budget ledger, as it signed it: shown to it when it connects,
-- so that a party whose disk was put back finds out. It gives no power over the budget.
CREATE TABLE budget_head (
  party TEXT PRIMARY KEY REFERENCES party (id),
  number INTEGER NOT NULL,
  envelope BLOB NOT NULL
) STRICT;
