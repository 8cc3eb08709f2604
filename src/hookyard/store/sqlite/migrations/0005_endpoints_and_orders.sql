-- Deliveries of tenants, in orders, found by their endpoint; and endpoints that are kept here. A new column could only come
-- behind the body, and who reads it would walk through that: the table is written anew, and the one that names it too.

DROP VIEW outgoing;
DROP INDEX delivery_of_job;
DROP INDEX delivery_pending;
DROP INDEX delivery_sending;
DROP INDEX delivery_alone;
ALTER TABLE delivery RENAME TO delivery_before;
ALTER TABLE delivery_attempt RENAME TO delivery_attempt_before;

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
-- Those of a tenant, for lists.
CREATE INDEX delivery_of_tenant ON delivery (tenant, key) WHERE tenant <> '';
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

INSERT INTO delivery (
  key, tail, job_key, job_tail, request_id, event, endpoint, url, status, attempt, next_at, lease_token,
  lease_expires_at, created_at, completed_at, last_status, last_error, body, tenant, round_start, epoch, put_off
)
SELECT
  key, tail, job_key, job_tail, request_id, event, endpoint, url, status, attempt, next_at, lease_token,
  lease_expires_at, created_at, completed_at, last_status, last_error, body,
  coalesce((SELECT tenant FROM job_log WHERE job_log.key = delivery_before.job_key), ''), 0, 0, 0
FROM delivery_before;
INSERT INTO delivery_attempt (
  delivery_key, number, started_at, duration, status, error, response
)
SELECT
  delivery_key, number, started_at, duration, status, error, response
FROM delivery_attempt_before;
DROP TABLE delivery_attempt_before;
DROP TABLE delivery_before;

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
