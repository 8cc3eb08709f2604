-- What the commands of jobs said, emitted, kept and made, and which job called for which.
--
-- The table of jobs is written anew, because a column that is only added comes after args, and args must be last.

DROP VIEW job;
DROP INDEX job_queued;
DROP INDEX job_later;
DROP INDEX job_leased;
DROP INDEX job_waiting;
DROP INDEX job_unsuccessful;
ALTER TABLE job_log RENAME TO job_log_before;

CREATE TABLE job_log (
  key              INTEGER PRIMARY KEY,
  tail             INTEGER NOT NULL,
  plugin           TEXT    NOT NULL,
  command          TEXT    NOT NULL,
  lane             TEXT    NOT NULL,
  status           TEXT    NOT NULL,  -- queued, running, succeeded, failed, timed_out, cancelled
  reason           TEXT,
  ready            INTEGER NOT NULL,  -- of a queued job: 1 once it is due, 0 while its run_at lies ahead
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
  last_error       TEXT,              -- JSON object
  result           BLOB,
  args             BLOB    NOT NULL,  -- last, so that reading the rest never walks through a long body
  CHECK (attempt <= max_attempts AND max_attempts > 0)
) STRICT;

INSERT INTO job_log (
  key, tail, plugin, command, lane, status, reason, ready, priority, attempt, max_attempts, run_at,
  submitted_at, started_at, completed_at, lease_token, lease_expires_at, worker, cancel_requested, timeout,
  principal, source, request_id, callback_url, tags, last_error, result, args
)
SELECT
  key, tail, plugin, command, lane, status, reason, ready, priority, attempt, max_attempts, run_at,
  submitted_at, started_at, completed_at, lease_token, lease_expires_at, worker, cancel_requested, timeout,
  principal, source, request_id, callback_url, tags, last_error, result, args
FROM job_log_before;

DROP TABLE job_log_before;

-- The queue: what a claim takes, in its order.
CREATE INDEX job_queued ON job_log (lane, ready, priority DESC, key) WHERE status = 'queued';
-- What waits for its time; claims look only at its first entries.
CREATE INDEX job_later ON job_log (lane, run_at) WHERE status = 'queued' AND ready = 0;
-- What is running, by the end of its lease: for the sweep of lost leases.
CREATE INDEX job_leased ON job_log (lease_expires_at, key) WHERE status = 'running';
-- What waits, newest first, for lists.
CREATE INDEX job_waiting ON job_log (key) WHERE status = 'queued';
-- What did not succeed, the dead letters among them, for lists: rare in a long history. An OR, because SQLite would
-- build a table of its own for an IN at every insert.
CREATE INDEX job_unsuccessful ON job_log (status, key)
  WHERE status = 'failed' OR status = 'timed_out' OR status = 'cancelled';

-- What a job's command called for, in order.
CREATE INDEX job_child ON job_log (parent, key) WHERE parent IS NOT NULL;

-- How far a job is. A table of its own, because changing a row writes all of it anew, its long bodies too.
CREATE TABLE job_progress (
  job_key  INTEGER PRIMARY KEY,
  progress TEXT NOT NULL              -- JSON object
) STRICT;

-- What the commands of jobs logged.
CREATE TABLE job_line (
  job_key  INTEGER NOT NULL,
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
  request_id TEXT    NOT NULL,
  dedupe_key TEXT,
  created_at INTEGER NOT NULL,
  payload    BLOB    NOT NULL
) STRICT;

-- For lists, newest first.
CREATE INDEX event_of_job ON event_log (job_key, key);
CREATE INDEX event_of_type ON event_log (type, key);
CREATE INDEX event_of_plugin ON event_log (plugin, key);

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
  job_key    INTEGER NOT NULL,
  name       TEXT    NOT NULL,
  media_type TEXT    NOT NULL,
  size       INTEGER NOT NULL,        -- bytes
  sha256     TEXT    NOT NULL,        -- of the content, in hex
  location   TEXT    NOT NULL,        -- its key in the object store
  created_at INTEGER NOT NULL,
  PRIMARY KEY (job_key, name)
) STRICT, WITHOUT ROWID;

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
