-- Leasing what is due. A claim reads its rows as one JSON text, because every row fetched singly would make the
-- writer thread win the interpreter's lock once more.

-- name: promote
-- What has become due in these lanes; the parameters are the lanes and then the time.
UPDATE job_log SET ready = CASE WHEN concurrency_key IS NULL THEN 1 ELSE 2 END
WHERE ready = 0 AND lane IN (/* each , */ ? /* end */) AND run_at <= ?;

-- name: pick
-- The next ready jobs of each lane, as one row: the jobs, and when the next of those not due yet is.
-- JSON cannot hold bytes, so args comes as hexadecimal digits, or, when it is longer than the last parameter says, as
-- NULL: then it is read by itself. Its length, which is known without reading it, is always there.
WITH
  picked (key) AS (
    /* each UNION ALL */
    SELECT * FROM (
      SELECT key FROM job_log INDEXED BY job_queued
      WHERE lane = ? AND ready = 1
      ORDER BY priority DESC, key LIMIT ?)
    /* end */),
  later (run_at) AS (
    /* each UNION ALL */
    SELECT min(run_at) FROM job_log INDEXED BY job_later WHERE lane = ? AND ready = 0
    /* end */)
SELECT
  (SELECT json_group_array(json_array(
     key, tail, plugin, command, lane, submitted_at, run_at, priority, max_attempts, timeout, principal, source,
     request_id, callback_url, tags, status, reason, attempt, cancel_requested, lease_token, lease_expires_at,
     worker, started_at, completed_at, last_error, parent,
     (SELECT progress FROM job_progress WHERE job_progress.job_key = job_log.key),
     CASE WHEN options IS NOT NULL THEN
       json_array(tenant, affinity, unique_key, concurrency_key, concurrency_limit, options, result_artifact) || ''
     END,
     length(args),
     CASE WHEN length(args) <= ? THEN hex(args) END))
   FROM picked CROSS JOIN job_log USING (key)),
  (SELECT min(run_at) FROM later);

-- name: args
SELECT args FROM job_log WHERE key = ?;

-- name: lease
-- The parameters are the time, the token, the lease's end, the worker and then the jobs.
UPDATE job_log
SET status = 'running', reason = NULL, ready = NULL, attempt = attempt + 1, started_at = ?, lease_token = ?,
    lease_expires_at = ?, worker = ?
WHERE key IN (/* each , */ ? /* end */);

-- name: next_keyed
-- What a claim would take from these lanes, in its order within each: lane, job, concurrency key and its limit.
/* each UNION ALL */
SELECT * FROM (
  SELECT lane, key, concurrency_key, concurrency_limit FROM job_log INDEXED BY job_queued
  WHERE lane = ? AND ready = 1
  ORDER BY priority DESC, key LIMIT ?)
/* end */;
