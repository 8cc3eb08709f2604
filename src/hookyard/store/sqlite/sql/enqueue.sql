-- Taking jobs in.

-- name: enqueue
-- A row per job; those from status on say whether it starts at once, leased.
INSERT INTO job_log (
  key, tail, plugin, command, lane, priority, max_attempts, run_at, submitted_at, timeout, principal, source,
  request_id, callback_url, tags, args,
  status, ready, attempt, started_at, lease_token, lease_expires_at, worker, parent)
VALUES /* each , */ (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) /* end */;

-- name: enqueue_more
-- The same with what few jobs have.
INSERT INTO job_log (
  key, tail, plugin, command, lane, priority, max_attempts, run_at, submitted_at, timeout, principal, source,
  request_id, callback_url, tags, args,
  status, ready, attempt, started_at, lease_token, lease_expires_at, worker, parent,
  tenant, affinity, unique_key, concurrency_key, concurrency_limit, options)
VALUES /* each , */ (
  ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) /* end */;

-- name: tag
INSERT INTO job_tag (tag, job_key) VALUES /* each , */ (?, ?) /* end */;

-- name: bury
-- A job that has just been stored cannot run; nothing has counted it among the queued ones.
UPDATE job_log SET status = 'failed', reason = 'invalid_input', completed_at = ?2, last_error = ?3 WHERE key = ?1;

-- name: active
-- The active jobs with these unique keys, oldest first.
SELECT unique_key, key, tail, status, started_at, submitted_at
FROM job_log INDEXED BY job_unique
WHERE unique_key IN (/* each , */ ? /* end */) AND completed_at IS NULL
ORDER BY unique_key, key;

-- name: coalesce
-- A queued job takes the input of a later one; what waits for other jobs goes on waiting.
UPDATE job_log
SET args = ?2, run_at = ?3, priority = ?4, request_id = ?5,
    ready = CASE WHEN ready = 3 THEN 3 WHEN ?3 > ?6 THEN 0 WHEN concurrency_key IS NULL THEN 1 ELSE 2 END
WHERE key = ?1
RETURNING lane, concurrency_key;

-- name: known_keys
-- Which of these idempotency keys are there, expired or not, and whether their job is a dead letter of which nothing has
-- run: only keys that are there cost a look at the job.
WITH given (scope, key) AS (VALUES /* each , */ (?, ?) /* end */)
SELECT known.scope, known.key, known.digest, known.job_key, known.job_tail, known.expires_at, EXISTS (
  SELECT 1 FROM job_log AS job
  WHERE job.key = known.job_key AND job.tail = known.job_tail
    AND job.status = 'failed' AND job.reason = 'invalid_input' AND job.attempt = 0)
FROM given CROSS JOIN idempotency_key AS known
WHERE known.scope = given.scope AND known.key = given.key;

-- name: parts
-- The live keys that are parts of one: the parameters are the scope, the first text that begins with the key and a line
-- break, the first beyond, and the time. Asked only where that key is known.
SELECT key FROM idempotency_key WHERE scope = ?1 AND key >= ?2 AND key < ?3 AND expires_at > ?4;

-- name: keep_keys
-- New keys, and those that go over to a new job: expired ones, and those of dead letters.
INSERT OR REPLACE INTO idempotency_key (scope, key, digest, job_key, job_tail, expires_at)
VALUES /* each , */ (?, ?, ?, ?, ?, ?) /* end */;
