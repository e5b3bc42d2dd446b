CREATE TABLE product (
  ref TEXT PRIMARY KEY,
  asset TEXT NOT NULL,
  version INTEGER NOT NULL,
  envelope BLOB NOT NULL,
  source TEXT NOT NULL,
  row_filter TEXT,
  accepted INTEGER NOT NULL DEFAULT 0,
  withdrawn INTEGER NOT NULL DEFAULT 0,
  withdrawal_accepted INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE contract (
  id TEXT PRIMARY KEY,
  document BLOB NOT NULL,
  envelopes BLOB NOT NULL,
  own_envelope BLOB,
  signature_accepted INTEGER NOT NULL DEFAULT 0,
  withdrawn INTEGER NOT NULL DEFAULT 0,
  withdrawal_accepted INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE member (
  party TEXT PRIMARY KEY,
  keys BLOB NOT NULL,
  data_address TEXT NOT NULL
) STRICT;

-- state is hesuan.job.PartyJobState as JSON; what it says happened, happened in the same transaction.
CREATE TABLE job (
  id TEXT PRIMARY KEY,
  proposal BLOB NOT NULL,
  plan BLOB NOT NULL,
  state TEXT NOT NULL,
  countersignature BLOB,
  countersignatures BLOB,
  noise_seed BLOB,
  created_seconds INTEGER NOT NULL,
  deadline_millis INTEGER NOT NULL
) STRICT;

CREATE TABLE decision (
  id TEXT NOT NULL,
  job TEXT NOT NULL,
  phase TEXT NOT NULL,
  body BLOB NOT NULL,
  at_seconds INTEGER NOT NULL,
  PRIMARY KEY (job, id)
) STRICT;

CREATE TABLE transcript (
  job TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  step TEXT NOT NULL,
  digest TEXT NOT NULL,
  PRIMARY KEY (job, attempt, step)
) STRICT;

-- One output shape per job, ever.
CREATE TABLE consent (
  job TEXT PRIMARY KEY,
  shape TEXT NOT NULL,
  envelope BLOB NOT NULL
) STRICT;

-- body is the result document; release the leader's signed statement; consents the others'.
CREATE TABLE result (
  job TEXT PRIMARY KEY,
  body BLOB NOT NULL,
  release BLOB NOT NULL,
  consents BLOB NOT NULL
) STRICT;

-- subject is a job, a product version or a contract. The signed statement is stored before it is
-- logged, so that after a crash the very same one is logged, once.
CREATE TABLE receipt (
  subject TEXT NOT NULL,
  kind TEXT NOT NULL,
  envelope BLOB NOT NULL,
  body BLOB,
  acknowledged INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (subject, kind)
) STRICT;

CREATE TABLE allowance (
  asset TEXT NOT NULL,
  unit TEXT NOT NULL,
  micros INTEGER NOT NULL CHECK (micros >= 0),
  period_days INTEGER NOT NULL CHECK (period_days >= 0),
  PRIMARY KEY (asset, unit)
) STRICT;

-- Append and move forward only: reserved -> charged, or reserved -> freed. Charged is for ever.
CREATE TABLE spending (
  asset TEXT NOT NULL,
  unit TEXT NOT NULL,
  period INTEGER NOT NULL,
  job TEXT NOT NULL,
  micros INTEGER NOT NULL CHECK (micros >= 0),
  state TEXT NOT NULL CHECK (state IN ('reserved', 'charged', 'freed')),
  PRIMARY KEY (asset, unit, job)
) STRICT;
