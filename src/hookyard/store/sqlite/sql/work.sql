-- Leasing for external workers: of several lanes together, what they have loaded first.

-- columns: candidate
key, lane, priority, affinity, concurrency_key, concurrency_limit

-- name: running_of_lanes
-- How many run in each of these lanes; what runs is little.
SELECT lane, count(*) FROM job_log INDEXED BY job_leased
WHERE lease_expires_at IS NOT NULL AND lane IN (/* each , */ ? /* end */) GROUP BY lane;

-- name: candidates
-- The next of a lane; the parameters are the lane and the limit.
SELECT /* columns candidate */ FROM job_log INDEXED BY job_queued
WHERE lane = ? AND ready = 1
ORDER BY priority DESC, key LIMIT ?;

-- name: candidates_of_tenant
-- The same of a tenant.
SELECT /* columns candidate */ FROM job_log INDEXED BY job_tenant_queued
WHERE lane = ? AND tenant = ? AND tenant <> '' AND ready = 1
ORDER BY priority DESC, key LIMIT ?;

-- name: affine
-- The next that are best done by who has this loaded; the parameters are the lane, that and the limit.
SELECT /* columns candidate */ FROM job_log INDEXED BY job_affine
WHERE lane = ? AND affinity = ? AND ready = 1
ORDER BY priority DESC, key LIMIT ?;

-- name: affine_of_tenant
-- The same of a tenant.
SELECT /* columns candidate */ FROM job_log INDEXED BY job_tenant_affine
WHERE lane = ? AND tenant = ? AND affinity = ? AND tenant <> '' AND ready = 1
ORDER BY priority DESC, key LIMIT ?;

-- name: take
-- These jobs, as one JSON text like the picks of a claim.
SELECT json_group_array(json_array(
  key, tail, plugin, command, lane, submitted_at, run_at, priority, max_attempts, timeout, principal, source,
  request_id, callback_url, tags, status, reason, attempt, cancel_requested, lease_token, lease_expires_at,
  worker, started_at, completed_at, last_error, parent,
  (SELECT progress FROM job_progress WHERE job_progress.job_key = job_log.key),
  CASE WHEN options IS NOT NULL THEN
    json_array(tenant, affinity, unique_key, concurrency_key, concurrency_limit, options, result_artifact) || ''
  END,
  length(args),
  CASE WHEN length(args) <= ? THEN hex(args) END))
FROM job_log WHERE key IN (/* each , */ ? /* end */);

-- name: next_due
-- When the next job of these lanes is due.
SELECT min(run_at) FROM (
  /* each UNION ALL */
  SELECT min(run_at) AS run_at FROM job_log INDEXED BY job_later WHERE lane = ? AND ready = 0
  /* end */);
