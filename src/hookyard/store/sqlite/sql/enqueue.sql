-- Taking jobs in.

-- name: enqueue
-- A row per job; those from status on say whether it starts at once, leased.
INSERT INTO job_log (
  key, tail, plugin, command, lane, priority, max_attempts, run_at, submitted_at, timeout, principal, source,
  request_id, callback_url, tags, args,
  status, ready, attempt, started_at, lease_token, lease_expires_at, worker, parent)
VALUES /* each , */ (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) /* end */;

-- name: known_keys
-- Which of these idempotency keys are there, expired or not.
WITH given (scope, key) AS (VALUES /* each , */ (?, ?) /* end */)
SELECT known.scope, known.key, known.digest, known.job_key, known.job_tail, known.expires_at
FROM given CROSS JOIN idempotency_key AS known
WHERE known.scope = given.scope AND known.key = given.key;

-- name: keep_keys
-- New keys, and expired ones given to a new job.
INSERT OR REPLACE INTO idempotency_key (scope, key, digest, job_key, job_tail, expires_at)
VALUES /* each , */ (?, ?, ?, ?, ?, ?) /* end */;
