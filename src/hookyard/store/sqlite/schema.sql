-- The whole schema: jobs with their attempts, what their commands said, emitted and kept, deliveries with their
-- attempts, idempotency keys.
--
-- Ids are UUIDv7. Their leading bits are the key, which only grows, so that tables are appended to; their random
-- bits are the tail. The views job and outgoing show both as the id that callers know.
-- Times are milliseconds since 1970-01-01 UTC. Bodies are JSON, stored as the bytes that came.
--
-- Checks are few, because each is paid for with every row written: checking the words of a status made storing and
-- finishing a job a fifth slower.

CREATE TABLE job_log (
  key              INTEGER PRIMARY KEY,
  tail             INTEGER NOT NULL,
  plugin           TEXT    NOT NULL,
  command          TEXT    NOT NULL,
  lane             TEXT    NOT NULL,
  status           TEXT    NOT NULL,  -- queued, running, succeeded, failed, timed_out, cancelled
  reason           TEXT,
  ready            INTEGER,           -- of a queued job: 0 while its run_at lies ahead, 1 once it is due,
                                      -- 2 when it is due and its key has no room, 3 while it waits for other jobs
  priority         INTEGER NOT NULL,  -- higher runs first
  attempt          INTEGER NOT NULL,  -- the current or last one, 0 before the first
  max_attempts     INTEGER NOT NULL,
  run_at           INTEGER NOT NULL,
  submitted_at     INTEGER NOT NULL,
  started_at       INTEGER,
  completed_at     INTEGER,
  lease_token      INTEGER,
  lease_expires_at INTEGER,
  worker           TEXT,
  cancel_requested INTEGER NOT NULL DEFAULT 0,
  timeout          INTEGER,           -- milliseconds
  principal        TEXT    NOT NULL,
  source           TEXT,
  request_id       TEXT    NOT NULL,
  callback_url     TEXT,
  tags             TEXT    NOT NULL,  -- JSON array
  parent           TEXT,              -- the id of the job whose command called for this one
  tenant           TEXT    NOT NULL DEFAULT '',
  affinity         TEXT,              -- what a worker has loaded when it is best at it
  unique_key       TEXT,              -- no two active jobs with the same are simply added
  concurrency_key  TEXT,              -- of the jobs of the lane with this key ...
  concurrency_limit INTEGER,          -- ... so many may run at once
  options          TEXT,              -- JSON object: what few jobs are asked for; empty when that is nothing, but
                                      -- one of the five above or result_artifact has a value; NULL: none of them has
  last_error       TEXT,              -- JSON object
  result_artifact  TEXT,              -- the name of the artifact that holds the result instead
  result           BLOB,
  args             BLOB    NOT NULL,  -- last, so that reading the rest never walks through a long body
  CHECK (attempt <= max_attempts AND max_attempts > 0)
) STRICT;

-- What a statement changes of a row decides at which indexes it looks, and each costs every job. So the indexes of
-- the queue hang on ready, which queued jobs alone have, those of what runs on the end of the lease, which running
-- jobs alone have, and those of what is over on completed_at: the end of a job never looks at the queue, nor its
-- beginning at what is over. A condition names first what is NULL in most rows, because words are slow to compare.

-- The queue: what a claim takes, in its order.
CREATE INDEX job_queued ON job_log (lane, ready, priority DESC, key) WHERE ready IS NOT NULL;
-- What waits for its time; claims look only at its first entries.
CREATE INDEX job_later ON job_log (lane, run_at) WHERE ready = 0;
-- What is running, by the end of its lease: for the sweep of lost leases.
CREATE INDEX job_leased ON job_log (lease_expires_at, key) WHERE lease_expires_at IS NOT NULL;
-- What waits, newest first, for lists.
CREATE INDEX job_waiting ON job_log (key) WHERE ready IS NOT NULL;
-- What did not succeed, the dead letters among them, for lists: rare in a long history.
CREATE INDEX job_unsuccessful ON job_log (status, key) WHERE completed_at IS NOT NULL AND status <> 'succeeded';

-- What a job's command called for, in order.
CREATE INDEX job_child ON job_log (parent, key) WHERE parent IS NOT NULL;

-- What waits under a concurrency key, in groups whose order every claim keeps: of one limit, tenant and affinity.
CREATE INDEX job_keyed ON job_log (
    lane, concurrency_key, ready, concurrency_limit || char(31) || tenant || char(31) || ifnull(affinity, ''),
    priority DESC, key)
  WHERE concurrency_key IS NOT NULL AND ready IS NOT NULL;
-- What runs under one.
CREATE INDEX job_keyed_running ON job_log (lane, concurrency_key)
  WHERE concurrency_key IS NOT NULL AND status = 'running';

-- Active jobs by what makes them unique.
CREATE INDEX job_unique ON job_log (unique_key, key)
  WHERE unique_key IS NOT NULL AND completed_at IS NULL;

-- What is best done by a worker that has this loaded; the queue of a tenant; and what of that is best done so.
CREATE INDEX job_affine ON job_log (lane, affinity, priority DESC, key)
  WHERE affinity IS NOT NULL AND ready = 1;
CREATE INDEX job_tenant_queued ON job_log (lane, tenant, priority DESC, key)
  WHERE ready = 1 AND tenant <> '';
CREATE INDEX job_tenant_affine ON job_log (lane, tenant, affinity, priority DESC, key)
  WHERE affinity IS NOT NULL AND ready = 1 AND tenant <> '';

-- For lists by source and by tenant.
CREATE INDEX job_of_source ON job_log (source, key) WHERE source IS NOT NULL;
CREATE INDEX job_of_tenant ON job_log (tenant, key) WHERE tenant <> '';

-- For lists by tag.
CREATE TABLE job_tag (
  tag     TEXT    NOT NULL,
  job_key INTEGER NOT NULL REFERENCES job_log (key) ON DELETE CASCADE,
  PRIMARY KEY (tag, job_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX tag_of_job ON job_tag (job_key);

-- What a queued job waits for: the row is gone once the other job has succeeded. That one may be pruned after it has
-- ended otherwise, so it is no foreign key.
CREATE TABLE job_after (
  job_key  INTEGER NOT NULL REFERENCES job_log (key) ON DELETE CASCADE,
  on_key   INTEGER NOT NULL,
  on_tail  INTEGER NOT NULL,
  doomed   INTEGER NOT NULL,          -- 1 when that one ended otherwise, until it is tried again
  PRIMARY KEY (job_key, on_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_before ON job_after (on_key);
CREATE INDEX job_doomed ON job_after (job_key) WHERE doomed = 1;

-- Partial results. With rows of its own beside the key: where the key is the table, whoever looks for one item reads
-- long ones that lie on the way.
CREATE TABLE job_item (
  job_key INTEGER NOT NULL REFERENCES job_log (key) ON DELETE CASCADE,
  name    TEXT    NOT NULL,
  number  INTEGER NOT NULL,           -- in the order of telling
  status  TEXT    NOT NULL,           -- done, failed
  at      INTEGER NOT NULL,
  error   TEXT,                       -- JSON object
  data    BLOB,                       -- JSON
  PRIMARY KEY (job_key, name)
) STRICT;
CREATE INDEX item_told ON job_item (job_key, number);
-- How many of them there are, kept so that nobody counts them.
CREATE TABLE item_tally (
  job_key INTEGER PRIMARY KEY REFERENCES job_log (key) ON DELETE CASCADE,
  done    INTEGER NOT NULL,
  failed  INTEGER NOT NULL,
  last    INTEGER NOT NULL            -- number of an item
) STRICT;

-- How far a job is. A table of its own, because changing a row writes all of it anew, its long bodies too.
CREATE TABLE job_progress (
  job_key  INTEGER PRIMARY KEY REFERENCES job_log (key) ON DELETE CASCADE,
  progress TEXT NOT NULL              -- JSON object
) STRICT;

-- Its rows go with their job by a trigger: a foreign key would be looked at with every attempt that is added.
CREATE TABLE attempt_log (
  job_key    INTEGER NOT NULL,
  number     INTEGER NOT NULL,
  outcome    TEXT    NOT NULL,        -- succeeded, failed, timed_out, cancelled, released, lost
  worker     TEXT    NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at   INTEGER NOT NULL,
  error      TEXT,                    -- JSON object
  PRIMARY KEY (job_key, number)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER attempts_of_job AFTER DELETE ON job_log BEGIN
  DELETE FROM attempt_log WHERE job_key = old.key;
END;

-- What senders sent that jobs came of. Its rows go with their job by a trigger too.
CREATE TABLE inbound (
  job_key  INTEGER PRIMARY KEY,
  source   TEXT NOT NULL,
  event    TEXT NOT NULL,             -- as the sender names its kind
  delivery TEXT NOT NULL,             -- the sender's id of it, or the SHA-256 of its body in hex
  headers  TEXT,                      -- JSON object, by lower-case name; NULL: not kept
  body     BLOB                       -- JSON; NULL when it is the args of the job
) STRICT;
CREATE TRIGGER inbound_of_job AFTER DELETE ON job_log BEGIN
  DELETE FROM inbound WHERE job_key = old.key;
END;

-- What the commands of jobs logged.
CREATE TABLE job_line (
  job_key  INTEGER NOT NULL REFERENCES job_log (key) ON DELETE CASCADE,
  number   INTEGER NOT NULL,          -- from 1 within the job
  attempt  INTEGER NOT NULL,
  at       INTEGER NOT NULL,
  level    TEXT    NOT NULL,          -- debug, info, warning, error
  event    TEXT    NOT NULL,
  "values" BLOB    NOT NULL,          -- JSON object; in quotes, for it is a keyword too
  PRIMARY KEY (job_key, number)
) STRICT, WITHOUT ROWID;

-- What plugins emitted, written with the end of the job.
CREATE TABLE event_log (
  key        INTEGER PRIMARY KEY,
  tail       INTEGER NOT NULL,
  type       TEXT    NOT NULL,
  plugin     TEXT    NOT NULL,
  command    TEXT    NOT NULL,
  job_key    INTEGER NOT NULL,
  job_tail   INTEGER NOT NULL,
  tenant     TEXT    NOT NULL,        -- of the job
  request_id TEXT    NOT NULL,
  dedupe_key TEXT,
  created_at INTEGER NOT NULL,
  payload    BLOB    NOT NULL
) STRICT;

-- For lists, newest first.
CREATE INDEX event_of_job ON event_log (job_key, key);
CREATE INDEX event_of_type ON event_log (type, key);
CREATE INDEX event_of_plugin ON event_log (plugin, key);
CREATE INDEX event_of_tenant ON event_log (tenant, key) WHERE tenant <> '';

-- What plugins keep. A deleted key stays as its version, so that no later value gets an earlier one's.
CREATE TABLE plugin_state (
  plugin  TEXT    NOT NULL,
  key     TEXT    NOT NULL,
  version INTEGER NOT NULL,
  value   BLOB,                       -- JSON; NULL when it was deleted
  PRIMARY KEY (plugin, key)
) STRICT, WITHOUT ROWID;

-- The names of what jobs made; the content is in the object store.
CREATE TABLE artifact (
  job_key    INTEGER NOT NULL REFERENCES job_log (key) ON DELETE CASCADE,
  name       TEXT    NOT NULL,
  media_type TEXT    NOT NULL,
  size       INTEGER NOT NULL,        -- bytes
  sha256     TEXT    NOT NULL,        -- of the content, in hex
  location   TEXT    NOT NULL,        -- its key in the object store
  created_at INTEGER NOT NULL,
  PRIMARY KEY (job_key, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE delivery (
  key              INTEGER PRIMARY KEY,
  tail             INTEGER NOT NULL,
  job_key          INTEGER REFERENCES job_log (key) ON DELETE CASCADE,
  job_tail         INTEGER,
  request_id       TEXT    NOT NULL,  -- of the request that made the job
  event            TEXT    NOT NULL,
  event_key        INTEGER,           -- of the event that was emitted and that it tells; NULL when it tells of a job
  event_tail       INTEGER,
  endpoint         TEXT,              -- its name, or NULL for a callback URL
  epoch            INTEGER NOT NULL,  -- of its endpoint: another one of the same name has another
  url              TEXT,
  tenant           TEXT    NOT NULL,  -- of the job or of the event
  order_key        TEXT,              -- those of one endpoint with the same go one after the other; NULL: in no order
  status           TEXT    NOT NULL,  -- pending, held (an earlier one of its order is open), sending, delivered, failed
  attempt          INTEGER NOT NULL,
  round_start      INTEGER NOT NULL,  -- how many attempts there were when it was last sent again by hand
  next_at          INTEGER,
  put_off          INTEGER NOT NULL,  -- 1: due so late only because its receiver could not be sent to
  lease_token      INTEGER,
  lease_expires_at INTEGER,
  created_at       INTEGER NOT NULL,
  completed_at     INTEGER,           -- NULL as long as it is open: pending, held or sending
  last_status      INTEGER,           -- HTTP status of the last answer
  last_error       TEXT,
  body             BLOB    NOT NULL,
  CHECK (status <> 'sending' OR (lease_token IS NOT NULL AND lease_expires_at IS NOT NULL))
) STRICT;

-- One that is sent from memory is added as sending and ends as delivered: of these indexes it is in the first, the second
-- and that of what a courier holds, and each of the others costs it no more than a look at its condition.
CREATE INDEX delivery_of_job ON delivery (job_key) WHERE job_key IS NOT NULL;
CREATE INDEX delivery_of_endpoint ON delivery (endpoint, key);
-- What is to be sent, by when it is due.
CREATE INDEX delivery_pending ON delivery (next_at, key) WHERE status = 'pending';
-- What waits for its receiver and not for its own time.
CREATE INDEX delivery_put_off ON delivery (endpoint, key) WHERE put_off = 1 AND status = 'pending';
-- What a courier holds, by the end of its lease: sent again when the courier died.
CREATE INDEX delivery_sending ON delivery (lease_expires_at, key) WHERE status = 'sending';
-- Those of no job, by their end: what can be forgotten.
CREATE INDEX delivery_alone ON delivery (completed_at, key) WHERE job_key IS NULL;
-- What is open of each order, in that order.
CREATE INDEX delivery_ordered ON delivery (endpoint, order_key, key) WHERE order_key IS NOT NULL AND completed_at IS NULL;
-- What waits, is held or has failed, by endpoint: its backlog and its dead letters.
CREATE INDEX delivery_unsettled ON delivery (endpoint, status, key) WHERE status <> 'sending' AND status <> 'delivered';
-- The dead letters of all of them, for lists.
CREATE INDEX delivery_failed ON delivery (key) WHERE completed_at IS NOT NULL AND status = 'failed';
-- What waits or is held, whoever it is for, for lists.
CREATE INDEX delivery_waiting ON delivery (status, key) WHERE completed_at IS NULL AND status <> 'sending';
-- Those of a tenant, for lists.
CREATE INDEX delivery_of_tenant ON delivery (tenant, key) WHERE tenant <> '';
-- Of a tenant what waits, is held or has failed, for lists that are to tell nothing of what others have.
CREATE INDEX delivery_unsettled_of_tenant ON delivery (tenant, status, key)
WHERE tenant <> '' AND status <> 'sending' AND status <> 'delivered';
-- Those that tell an event that was emitted, so that none is added a second time.
CREATE INDEX delivery_of_event ON delivery (event_key) WHERE event_key IS NOT NULL;

CREATE TABLE delivery_attempt (
  delivery_key INTEGER NOT NULL REFERENCES delivery (key) ON DELETE CASCADE,
  number       INTEGER NOT NULL,
  started_at   INTEGER NOT NULL,
  duration     INTEGER NOT NULL,      -- milliseconds
  status       INTEGER,               -- HTTP status, or NULL when no answer came
  error        TEXT,
  response     BLOB,                  -- the first bytes of the answer
  PRIMARY KEY (delivery_key, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency_key (
  scope      TEXT    NOT NULL,
  key        TEXT    NOT NULL,
  digest     BLOB    NOT NULL,        -- of the body
  job_key    INTEGER NOT NULL,
  job_tail   INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;

-- What can be forgotten, for pruning.
CREATE INDEX idempotency_expiry ON idempotency_key (expires_at);

-- Bearer tokens; of the token itself only the digest is kept.
CREATE TABLE token (
  key          INTEGER PRIMARY KEY,
  tail         INTEGER NOT NULL,
  name         TEXT    NOT NULL,
  digest       BLOB    NOT NULL UNIQUE,  -- SHA-256
  scopes       TEXT    NOT NULL,         -- JSON array
  tenant       TEXT    NOT NULL,
  created_at   INTEGER NOT NULL,
  created_by   TEXT    NOT NULL,
  expires_at   INTEGER,
  revoked_at   INTEGER,
  replaced_by  TEXT,                     -- the id of the token that a rotation made
  last_used_at INTEGER,
  uses         INTEGER NOT NULL DEFAULT 0
) STRICT;
-- By when they are over: what can be forgotten.
CREATE INDEX token_over ON token (coalesce(min(expires_at, revoked_at), expires_at, revoked_at), key);

CREATE TABLE schedule (
  name         TEXT    NOT NULL PRIMARY KEY,
  tenant       TEXT    NOT NULL,
  origin       TEXT    NOT NULL,         -- config, http
  created_at   INTEGER NOT NULL,
  created_by   TEXT    NOT NULL,
  paused       INTEGER NOT NULL,
  next_at      INTEGER,
  last_at      INTEGER,
  last_outcome TEXT,                     -- queued, skipped, missed, refused
  last_job     TEXT,                     -- an id
  fired        INTEGER NOT NULL,
  spec         BLOB    NOT NULL          -- JSON object
) STRICT, WITHOUT ROWID;

-- Subscribers. With rows of its own beside the name: what is private of one may be long.
CREATE TABLE endpoint (
  name            TEXT    NOT NULL PRIMARY KEY,
  tenant          TEXT    NOT NULL,
  origin          TEXT    NOT NULL,      -- config, http
  epoch           INTEGER NOT NULL,      -- what tells it from others that had its name
  created_at      INTEGER NOT NULL,
  created_by      TEXT    NOT NULL,      -- a principal
  updated_at      INTEGER NOT NULL,
  disabled_at     INTEGER,
  disabled_reason TEXT,                  -- user, gone, failing, receiver
  failing_since   INTEGER,
  spec            BLOB    NOT NULL,      -- JSON object
  private         BLOB    NOT NULL       -- JSON object: secrets, values of headers, certificates and keys
) STRICT;

CREATE TABLE lane_pause (
  lane   TEXT    NOT NULL PRIMARY KEY,   -- * is every one
  since  INTEGER NOT NULL,
  by     TEXT    NOT NULL,               -- a principal
  reason TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- External workers that have called in.
CREATE TABLE worker (
  principal     TEXT    NOT NULL,
  name          TEXT    NOT NULL,
  tenant        TEXT    NOT NULL,
  lanes         TEXT    NOT NULL,        -- JSON array
  affinity      TEXT    NOT NULL,        -- JSON array
  first_contact INTEGER NOT NULL,
  last_contact  INTEGER NOT NULL,
  claimed       INTEGER NOT NULL,
  completed     INTEGER NOT NULL,
  failed        INTEGER NOT NULL,
  PRIMARY KEY (principal, name)
) STRICT, WITHOUT ROWID;

-- Who changed what.
CREATE TABLE audit_log (
  key        INTEGER PRIMARY KEY,
  tail       INTEGER NOT NULL,
  at         INTEGER NOT NULL,
  principal  TEXT    NOT NULL,
  action     TEXT    NOT NULL,           -- such as token.create
  target     TEXT    NOT NULL,
  tenant     TEXT    NOT NULL,
  peer       TEXT,
  request_id TEXT    NOT NULL,
  details    TEXT    NOT NULL            -- JSON object
) STRICT;
CREATE INDEX audit_of_principal ON audit_log (principal, key);
CREATE INDEX audit_of_action ON audit_log (action, key);
CREATE INDEX audit_of_target ON audit_log (target, key);

-- For people with a SQLite shell: jobs under the id that callers know, times in UTC.
CREATE VIEW job AS
SELECT
  format('%08x-%04x-7%03x-%04x-%012x', key >> 28, (key >> 12) & 0xffff, key & 0xfff,
         0x8000 | (tail >> 48), tail & 0xffffffffffff) AS id,
  plugin, command, status, reason, attempt, max_attempts, lane, priority, principal, source,
  datetime(submitted_at / 1000.0, 'unixepoch', 'subsec') AS submitted,
  datetime(started_at / 1000.0, 'unixepoch', 'subsec') AS started,
  datetime(completed_at / 1000.0, 'unixepoch', 'subsec') AS completed,
  CAST(args AS TEXT) AS args, CAST(result AS TEXT) AS result, last_error
FROM job_log;

-- The same for deliveries.
CREATE VIEW outgoing AS
SELECT
  format('%08x-%04x-7%03x-%04x-%012x', key >> 28, (key >> 12) & 0xffff, key & 0xfff,
         0x8000 | (tail >> 48), tail & 0xffffffffffff) AS id,
  format('%08x-%04x-7%03x-%04x-%012x', job_key >> 28, (job_key >> 12) & 0xffff, job_key & 0xfff,
         0x8000 | (job_tail >> 48), job_tail & 0xffffffffffff) AS job_id,
  event, coalesce(endpoint, url) AS receiver, tenant, order_key, status, attempt, last_status, last_error,
  datetime(next_at / 1000.0, 'unixepoch', 'subsec') AS next,
  datetime(completed_at / 1000.0, 'unixepoch', 'subsec') AS completed,
  CAST(body AS TEXT) AS body
FROM delivery;
