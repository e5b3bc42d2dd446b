CREATE TABLE join_token (
  hash TEXT NOT NULL PRIMARY KEY,
  party TEXT NOT NULL,
  role TEXT NOT NULL,
  expires_millis INTEGER NOT NULL,
  used_by TEXT
) STRICT;
