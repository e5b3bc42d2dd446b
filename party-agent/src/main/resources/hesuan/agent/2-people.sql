-- A receiver's list of its own people, sealed in a file until the job's result is here; then the file
-- is opened into results/. The row goes in with the release at the leader, with the consent elsewhere.
CREATE TABLE people (
  job TEXT PRIMARY KEY,
  sealed TEXT NOT NULL,
  key BLOB NOT NULL,
  target TEXT NOT NULL
) STRICT;
