-- A run that goes bucket by bucket: what its done buckets gave lies in results/<job>.buckets, sealed under
-- this key, until the job is settled. run names the people and the session, so that no other run takes it.
CREATE TABLE bucket_run (
  job TEXT PRIMARY KEY,
  run TEXT NOT NULL,
  buckets INTEGER NOT NULL,
  key BLOB NOT NULL
) STRICT;
