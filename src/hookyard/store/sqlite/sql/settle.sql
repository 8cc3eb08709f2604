-- What the holder of a lease does with it. `horizon` is the latest end a lease may have for the operation to go
-- through: the janitor passes the time, the holder the largest integer.

-- name: held
-- Which of these leases are still held.
WITH given (key, tail, token, horizon) AS (VALUES /* each , */ (?, ?, ?, ?) /* end */)
SELECT job.key, job.attempt, job.max_attempts, job.cancel_requested, job.started_at, job.worker, job.lane,
  job.concurrency_key
FROM given CROSS JOIN job_log AS job
WHERE job.key = given.key AND job.tail = given.tail AND job.status = 'running'
  AND job.lease_token = given.token AND job.lease_expires_at <= given.horizon;

-- name: extend
WITH given (key, tail, token, expires_at) AS (VALUES /* each , */ (?, ?, ?, ?) /* end */)
UPDATE job_log SET lease_expires_at = given.expires_at
FROM given
WHERE job_log.key = given.key AND job_log.tail = given.tail AND job_log.status = 'running'
  AND job_log.lease_token = given.token;

-- name: cancel_requested
-- Whose cancellation was asked for.
SELECT key FROM job_log WHERE cancel_requested = 1 AND key IN (/* each , */ ? /* end */);

-- name: end_attempt
-- The attempts of those leases that are still held; as many rows as leases are.
WITH given (key, tail, token, horizon, outcome, ended_at, error) AS
  (VALUES /* each , */ (?, ?, ?, ?, ?, ?, ?) /* end */)
INSERT INTO attempt_log (job_key, number, outcome, worker, started_at, ended_at, error)
SELECT job.key, job.attempt, given.outcome, job.worker, job.started_at, given.ended_at, given.error
FROM given CROSS JOIN job_log AS job
WHERE job.key = given.key AND job.tail = given.tail AND job.status = 'running'
  AND job.lease_token = given.token AND job.lease_expires_at <= given.horizon;

-- name: add_attempts
INSERT INTO attempt_log (job_key, number, outcome, worker, started_at, ended_at, error)
VALUES /* each , */ (?, ?, ?, ?, ?, ?, ?) /* end */;

-- name: finish
-- The leases were looked at before: these jobs end.
WITH given (key, status, reason, result, last_error, completed_at) AS
  (VALUES /* each , */ (?, ?, ?, ?, ?, ?) /* end */)
UPDATE job_log
SET status = given.status, reason = given.reason, result = given.result, last_error = given.last_error,
    completed_at = given.completed_at, lease_token = NULL, lease_expires_at = NULL, worker = NULL
FROM given
WHERE job_log.key = given.key;

-- name: release
-- The leases were looked at before: these jobs go back to the queue.
WITH given (key, reason, run_at, ready, uncount, last_error) AS (VALUES /* each , */ (?, ?, ?, ?, ?, ?) /* end */)
UPDATE job_log
SET status = 'queued', reason = given.reason, run_at = given.run_at,
    ready = CASE WHEN job_log.concurrency_key IS NULL THEN given.ready ELSE 2 * given.ready END,
    attempt = attempt - given.uncount, last_error = coalesce(given.last_error, job_log.last_error),
    lease_token = NULL, lease_expires_at = NULL, worker = NULL
FROM given
WHERE job_log.key = given.key;

-- name: result_artifact
-- Of those few whose result is kept as one.
UPDATE job_log SET result_artifact = ?, options = coalesce(options, '') WHERE key = ?;

-- name: job_standing
SELECT status, lane, concurrency_key, attempt, max_attempts, started_at, worker FROM job_log
WHERE key = ? AND tail = ?;

-- name: cancel_job
-- One that is queued, or that is killed.
UPDATE job_log
SET status = 'cancelled', reason = ?, ready = NULL, last_error = coalesce(?, last_error), completed_at = ?, lease_token = NULL,
    lease_expires_at = NULL, worker = NULL
WHERE key = ?;

-- name: retry_job
-- One that has ended is queued again; the parameters are the time when it is ready, whether that has come, how many
-- attempts it may have in all, and the job.
UPDATE job_log
SET status = 'queued', reason = NULL, run_at = ?1, result = NULL, result_artifact = NULL, last_error = NULL,
    completed_at = NULL, cancel_requested = 0, max_attempts = ?3,
    ready = CASE
      WHEN EXISTS (SELECT 1 FROM job_after WHERE job_after.job_key = job_log.key) THEN 3
      WHEN concurrency_key IS NULL THEN ?2
      ELSE 2 * ?2 END
WHERE key = ?4;

-- name: forget_progress
DELETE FROM job_progress WHERE job_key = ?;

-- name: request_cancel
UPDATE job_log SET cancel_requested = 1 WHERE key = ?;
