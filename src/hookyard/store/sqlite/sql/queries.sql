-- Questions. Lists go by the key, never by an offset, so that a page costs the same however long the history is.

-- columns: job
-- In the order in which the codec reads them; result and args follow.
key, tail, plugin, command, lane, submitted_at, run_at, priority, max_attempts, timeout, principal, source,
  request_id, callback_url, tags, status, reason, attempt, cancel_requested, lease_token, lease_expires_at, worker,
  started_at, completed_at, last_error, parent,
  (SELECT progress FROM job_progress WHERE job_progress.job_key = job_log.key),
  CASE WHEN options IS NOT NULL THEN
    json_array(tenant, affinity, unique_key, concurrency_key, concurrency_limit, options, result_artifact) || ''
  END

-- columns: delivery
-- In the order in which the codec reads them; body follows.
key, tail, job_key, job_tail, event, endpoint, url, created_at, status, attempt, next_at, lease_token,
  lease_expires_at, last_status, last_error, completed_at, request_id, tenant, event_key, event_tail, order_key,
  round_start, epoch, put_off

-- columns: dead_letter
-- As hookyard.store.rules.is_dead has it.
status IN ('failed', 'timed_out') AND (reason = 'invalid_input'
  OR (attempt >= max_attempts AND reason IN ('attempts_exhausted', 'worker_lost', 'deadline')))

-- name: job
SELECT /* columns job */, result, args
FROM job_log WHERE key = ? AND tail = ?;

-- name: children
-- What a job's command called for; the parameters are its id and the limit.
SELECT /* columns job */, NULL, x''
FROM job_log INDEXED BY job_child WHERE parent = ?
ORDER BY key LIMIT ?;

-- name: log_lines
-- The parameters are the job, the number of the last line that is known, and the limit.
SELECT line.number, line.attempt, line.at, line.level, line.event, line."values"
FROM job_log AS job CROSS JOIN job_line AS line ON line.job_key = job.key
WHERE job.key = ? AND job.tail = ? AND line.number > ?
ORDER BY line.number LIMIT ?;

-- name: artifacts
SELECT one.name, one.media_type, one.size, one.sha256, one.location, one.created_at
FROM job_log AS job CROSS JOIN artifact AS one ON one.job_key = job.key
WHERE job.key = ? AND job.tail = ?
ORDER BY one.name;

-- name: attempts
SELECT log.number, log.outcome, log.worker, log.started_at, log.ended_at, log.error
FROM job_log AS job CROSS JOIN attempt_log AS log ON log.job_key = job.key
WHERE job.key = ? AND job.tail = ?
ORDER BY log.number;

-- name: deliveries
SELECT /* columns delivery */, body
FROM delivery INDEXED BY delivery_of_job WHERE job_key = ? AND job_tail = ?
ORDER BY key;

-- name: delivery
SELECT /* columns delivery */, body
FROM delivery WHERE key = ? AND tail = ?;

-- name: delivery_attempts
SELECT tried.number, tried.started_at, tried.duration, tried.status, tried.error, tried.response
FROM delivery CROSS JOIN delivery_attempt AS tried ON tried.delivery_key = delivery.key
WHERE delivery.key = ? AND delivery.tail = ?
ORDER BY tried.number;

-- name: lost
-- Running jobs whose lease has ended, the longest ended first.
SELECT /* columns job */, NULL, x''
FROM job_log INDEXED BY job_leased
WHERE lease_expires_at <= ?
ORDER BY lease_expires_at, key LIMIT ?;

-- name: running_of
-- All running jobs of one worker.
SELECT /* columns job */, NULL, x''
FROM job_log INDEXED BY job_leased
WHERE lease_expires_at IS NOT NULL AND worker = ?
ORDER BY lease_expires_at, key LIMIT ?;

-- name: held
-- All running jobs by who holds them; the parameters are how these names begin, and the first text beyond.
SELECT worker, key, tail
FROM job_log INDEXED BY job_leased
WHERE lease_expires_at IS NOT NULL AND worker >= ? AND worker < ?
ORDER BY lease_expires_at, key;

-- name: doomed
-- Queued jobs that wait for one that ended without success.
SELECT /* columns job */, NULL, x''
FROM job_log NOT INDEXED
WHERE key IN (SELECT job_key FROM job_after INDEXED BY job_doomed WHERE doomed = 1) AND ready = 3
ORDER BY key LIMIT ?;

-- name: running
-- How many run in each lane; what runs is little.
SELECT lane, count(*) FROM job_log INDEXED BY job_leased WHERE lease_expires_at IS NOT NULL GROUP BY lane;

-- name: last_id
SELECT key, tail FROM (
  SELECT key, tail FROM job_log WHERE key = (SELECT max(key) FROM job_log)
  UNION ALL
  SELECT key, tail FROM delivery WHERE key = (SELECT max(key) FROM delivery)
  UNION ALL
  SELECT key, tail FROM event_log WHERE key = (SELECT max(key) FROM event_log)
  UNION ALL
  SELECT key, tail FROM token WHERE key = (SELECT max(key) FROM token)
  UNION ALL
  SELECT key, tail FROM audit_log WHERE key = (SELECT max(key) FROM audit_log))
ORDER BY key DESC LIMIT 1;

-- name: ready
SELECT 1;
