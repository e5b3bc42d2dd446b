-- Times are milliseconds since 1970. Documents are canonical JSON; envelopes are DSSE.

CREATE TABLE party (
  id TEXT PRIMARY KEY,
  keys BLOB NOT NULL,
  keys_digest TEXT NOT NULL,
  enrolled_millis INTEGER NOT NULL,
  data_address TEXT NOT NULL DEFAULT '',
  software TEXT NOT NULL DEFAULT '',
  clock_skew_millis INTEGER NOT NULL DEFAULT 0,
  seen_millis INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE api_token (
  id TEXT PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  party TEXT,
  role TEXT NOT NULL,
  label TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_millis INTEGER NOT NULL,
  expires_millis INTEGER NOT NULL,
  revoked_millis INTEGER
) STRICT;

CREATE TABLE product (
  ref TEXT PRIMARY KEY,
  party TEXT NOT NULL,
  document BLOB NOT NULL,
  digest TEXT NOT NULL,
  envelope BLOB NOT NULL,
  published_millis INTEGER NOT NULL,
  withdrawn_millis INTEGER
) STRICT;

CREATE TABLE contract (
  id TEXT PRIMARY KEY,
  document BLOB NOT NULL,
  digest TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_millis INTEGER NOT NULL,
  withdrawn_millis INTEGER,
  withdrawn_by TEXT
) STRICT;

CREATE TABLE contract_party (
  contract TEXT NOT NULL REFERENCES contract (id),
  party TEXT NOT NULL,
  envelope BLOB,
  signed_millis INTEGER,
  PRIMARY KEY (contract, party)
) STRICT;

-- The state is hesuan.job.JobState. Settled: it has ended and no receipt is awaited. A job that
-- could not be planned has no plan.
CREATE TABLE job (
  id TEXT PRIMARY KEY,
  submitter TEXT NOT NULL,
  submitted_by TEXT NOT NULL,
  spec BLOB NOT NULL,
  spec_digest TEXT NOT NULL,
  plan BLOB,
  contract TEXT NOT NULL,
  policy BLOB,
  state BLOB NOT NULL,
  state_name TEXT NOT NULL,
  settled INTEGER NOT NULL,
  created_millis INTEGER NOT NULL,
  deadline_millis INTEGER NOT NULL
) STRICT;

CREATE INDEX job_unsettled ON job (settled, created_millis);
CREATE INDEX job_created ON job (created_millis, id);
CREATE INDEX job_contract ON job (contract);

-- Who may see a job, and what each party has said of it.
CREATE TABLE job_party (
  job TEXT NOT NULL REFERENCES job (id),
  party TEXT NOT NULL,
  countersignature BLOB,
  release BLOB,
  PRIMARY KEY (job, party)
) STRICT;

CREATE INDEX job_party_party ON job_party (party, job);

CREATE TABLE job_event (
  job TEXT NOT NULL REFERENCES job (id),
  sequence INTEGER NOT NULL,
  at_millis INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (job, sequence)
) STRICT;

-- What the coordinator says, signed once under a name before it is logged, so that a crash between
-- the two cannot make it say the same thing twice in other words.
CREATE TABLE own_statement (
  name TEXT PRIMARY KEY,
  envelope BLOB NOT NULL
) STRICT;

-- Statements in the federation's log, in its order. The proof is the federation's receipt; a party's
-- statement also comes with the receipt of the party's own log.
CREATE TABLE receipt (
  log_index INTEGER PRIMARY KEY,
  envelope_digest TEXT NOT NULL UNIQUE,
  issuer TEXT NOT NULL,
  kind TEXT NOT NULL,
  job TEXT,
  federation_receipt BLOB NOT NULL,
  party_receipt BLOB
) STRICT;

CREATE INDEX receipt_job ON receipt (job);
