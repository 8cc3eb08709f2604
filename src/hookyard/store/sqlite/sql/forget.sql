-- Forgetting what is no longer needed. What belongs to a job or a delivery goes with it, by its foreign keys.

-- name: forget_keys
DELETE FROM idempotency_key
WHERE (scope, key) IN (
  SELECT scope, key FROM idempotency_key WHERE expires_at <= ? ORDER BY expires_at LIMIT ?);

-- name: forget_events
-- The parameters are the first key to keep and the limit.
DELETE FROM event_log WHERE key IN (SELECT key FROM event_log WHERE key < ? ORDER BY key LIMIT ?);

-- name: forget_deliveries
-- Those of no job that ended before a time.
DELETE FROM delivery WHERE key IN (
  SELECT key FROM delivery INDEXED BY delivery_alone
  WHERE job_key IS NULL AND completed_at < ? ORDER BY completed_at, key LIMIT ?);

-- name: walk
-- A part of the history, with what decides whether a job can go: the parameters are the key before it and the limit.
-- Lines are numbered without a gap, so that the first and the last number say how many there are.
SELECT job.key, job.tail, job.status, job.completed_at,
  EXISTS (SELECT 1 FROM delivery INDEXED BY delivery_of_job
          WHERE delivery.job_key = job.key AND delivery.completed_at IS NULL),
  EXISTS (SELECT 1 FROM job_after AS wait INDEXED BY job_before CROSS JOIN job_log AS waiting
          ON waiting.key = wait.job_key
          WHERE wait.on_key = job.key AND wait.on_tail = job.tail AND waiting.status = 'queued'),
  coalesce((SELECT max(number) FROM job_line WHERE job_key = job.key)
    - (SELECT min(number) FROM job_line WHERE job_key = job.key) + 1, 0),
  coalesce((SELECT done + failed FROM item_tally WHERE item_tally.job_key = job.key), 0),
  -- How long a body is stands at the head of its row: none is read for that.
  length(job.args) + coalesce((SELECT length(body) FROM inbound WHERE inbound.job_key = job.key), 0)
FROM job_log AS job WHERE job.key > ? ORDER BY job.key LIMIT ?;

-- name: ended
-- Of one job: its status, and whether something of it is still to be delivered.
SELECT status, EXISTS (
  SELECT 1 FROM delivery INDEXED BY delivery_of_job
  WHERE delivery.job_key = job_log.key AND delivery.completed_at IS NULL)
FROM job_log WHERE key = ? AND tail = ?;

-- name: locations
-- Where the content of the artifacts of these jobs is.
SELECT location FROM artifact WHERE job_key IN (/* each , */ ? /* end */) ORDER BY job_key, name;

-- name: forget_jobs
DELETE FROM job_log WHERE key IN (/* each , */ ? /* end */);

-- name: forget_lines
-- The oldest lines of a job: the parameters are the job and the limit.
DELETE FROM job_line WHERE job_key = ?1 AND number IN (
  SELECT number FROM job_line WHERE job_key = ?1 ORDER BY number LIMIT ?2);

-- name: first_items
-- What became of the first items of a job: the parameters are the job and the limit.
SELECT status, count(*), max(name) FROM (
  SELECT status, name FROM job_item WHERE job_key = ? ORDER BY name LIMIT ?)
GROUP BY status;

-- name: forget_items
-- The parameters are the job and the last name to forget.
DELETE FROM job_item WHERE job_key = ? AND name <= ?;

-- name: tell_tally
-- The parameters are how many items fewer were done and failed, and the job.
UPDATE item_tally SET done = done - ?, failed = failed - ? WHERE job_key = ?;
