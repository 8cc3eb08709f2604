-- What an operator asks of a file.

-- name: rows
-- How many rows there are, by table.
SELECT 'artifact', count(*) FROM artifact
UNION ALL SELECT 'attempt_log', count(*) FROM attempt_log
UNION ALL SELECT 'audit_log', count(*) FROM audit_log
UNION ALL SELECT 'delivery', count(*) FROM delivery
UNION ALL SELECT 'delivery_attempt', count(*) FROM delivery_attempt
UNION ALL SELECT 'endpoint', count(*) FROM endpoint
UNION ALL SELECT 'event_log', count(*) FROM event_log
UNION ALL SELECT 'idempotency_key', count(*) FROM idempotency_key
UNION ALL SELECT 'inbound', count(*) FROM inbound
UNION ALL SELECT 'item_tally', count(*) FROM item_tally
UNION ALL SELECT 'job_after', count(*) FROM job_after
UNION ALL SELECT 'job_item', count(*) FROM job_item
UNION ALL SELECT 'job_line', count(*) FROM job_line
UNION ALL SELECT 'job_log', count(*) FROM job_log
UNION ALL SELECT 'job_progress', count(*) FROM job_progress
UNION ALL SELECT 'job_tag', count(*) FROM job_tag
UNION ALL SELECT 'lane_pause', count(*) FROM lane_pause
UNION ALL SELECT 'plugin_state', count(*) FROM plugin_state
UNION ALL SELECT 'schedule', count(*) FROM schedule
UNION ALL SELECT 'token', count(*) FROM token
UNION ALL SELECT 'worker', count(*) FROM worker;

-- name: jobs_by_status
-- The whole history is walked through, by a command of an operator.
SELECT status, count(*) FROM job_log GROUP BY status ORDER BY status;

-- name: span
-- The first and the last job.
SELECT min(key), max(key) FROM job_log;

-- name: integrity
-- Of a file that is whole it is one row, `ok`; of any other so many problems at most.
SELECT integrity_check FROM pragma_integrity_check;

-- name: foreign_keys
-- Rows whose job is gone.
SELECT "table", parent FROM pragma_foreign_key_check LIMIT ?;

-- name: foreign_attempt_log
-- The same of a table whose rows go with their job by a trigger.
SELECT 'attempt_log', 'job_log' FROM attempt_log WHERE job_key NOT IN (SELECT key FROM job_log) LIMIT ?;

-- name: foreign_inbound
-- The same.
SELECT 'inbound', 'job_log' FROM inbound WHERE job_key NOT IN (SELECT key FROM job_log) LIMIT ?;

-- name: snapshot
-- Begins to read: what is read from now on in this transaction is as it is now.
SELECT 1 FROM sqlite_schema LIMIT 1;

-- name: vacuum
VACUUM;

-- name: schema
-- What was made by the migrations; what SQLite makes by itself has no text, or a name of its own.
SELECT type || ' ' || name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT GLOB 'sqlite_*';
