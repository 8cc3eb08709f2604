-- Deliveries that people send again, give up and delete. The walks go through what an endpoint has in the order of ids, and
-- look at so many rows: their parameters are the endpoint, or NULL for callback URLs, the key before and the key behind, and
-- the limit.

-- columns: waiting_or_failed
-- One index holds those that are neither being sent nor delivered.
delivery INDEXED BY delivery_unsettled WHERE endpoint IS ?1 AND status <> 'sending' AND status <> 'delivered'

-- name: standing
SELECT status FROM delivery WHERE key = ? AND tail = ?;

-- name: send_again
-- The parameters are the time and the deliveries, none of which is being sent: those that are over begin a new round, and
-- only one that is pending stays in its order.
UPDATE delivery
SET status = 'pending', next_at = ?, put_off = 0, completed_at = NULL,
    round_start = CASE WHEN completed_at IS NULL THEN round_start ELSE attempt END,
    order_key = CASE WHEN status = 'pending' THEN order_key END
WHERE key IN (/* each , */ ? /* end */);

-- name: resume
-- As many rows as the limit unless there are no more; the parameters are the time, the endpoint and the limit.
UPDATE delivery SET next_at = ?, put_off = 0
WHERE key IN (
  SELECT key FROM delivery INDEXED BY delivery_put_off
  WHERE put_off = 1 AND status = 'pending' AND endpoint = ? ORDER BY key LIMIT ?);

-- name: abandon
UPDATE delivery SET status = 'failed', last_error = 'abandoned', next_at = NULL, completed_at = ? WHERE key = ?;

-- name: recoverable
-- Those that wait and those that failed, each of which is asked for or not: each is read only as far as it is needed.
SELECT key, tail, tenant, url, status, last_error, next_at, event FROM (
  SELECT key, tail, tenant, url, status, last_error, next_at, event FROM /* columns waiting_or_failed */
    AND status = 'pending' AND key > ?2 AND key < ?3 AND ?5 ORDER BY key LIMIT ?4)
UNION ALL
SELECT key, tail, tenant, url, status, last_error, next_at, event FROM (
  SELECT key, tail, tenant, url, status, last_error, next_at, event FROM /* columns waiting_or_failed */
    AND status = 'failed' AND key > ?2 AND key < ?3 AND ?6 ORDER BY key LIMIT ?4)
ORDER BY 1 LIMIT ?4;

-- name: of_tenant
-- All that a tenant has, for whom and however it stands: a walk through what is for callback URLs would tell by its pages
-- how much others have. What is for an endpoint has no status here. The parameters are the tenant, and the last three of
-- the walks.
SELECT key, tail, tenant, url, CASE WHEN endpoint IS NULL THEN status ELSE '' END, last_error, next_at, event
FROM delivery INDEXED BY delivery_of_tenant
WHERE tenant <> '' AND tenant = ?1 AND key > ?2 AND key < ?3 ORDER BY key LIMIT ?4;

-- name: all_of
SELECT key, tail, tenant, url, status FROM delivery INDEXED BY delivery_of_endpoint
WHERE endpoint IS ?1 AND key > ?2 AND key < ?3
ORDER BY key LIMIT ?4;

-- name: some_of
-- Those of three statuses, each of which is asked for or not: each is read only as far as it is needed.
SELECT key, tail, tenant, url, status FROM (
  SELECT key, tail, tenant, url, status FROM /* columns waiting_or_failed */
    AND status = 'pending' AND key > ?2 AND key < ?3 AND ?5 ORDER BY key LIMIT ?4)
UNION ALL
SELECT key, tail, tenant, url, status FROM (
  SELECT key, tail, tenant, url, status FROM /* columns waiting_or_failed */
    AND status = 'held' AND key > ?2 AND key < ?3 AND ?6 ORDER BY key LIMIT ?4)
UNION ALL
SELECT key, tail, tenant, url, status FROM (
  SELECT key, tail, tenant, url, status FROM /* columns waiting_or_failed */
    AND status = 'failed' AND key > ?2 AND key < ?3 AND ?7 ORDER BY key LIMIT ?4)
ORDER BY 1 LIMIT ?4;

-- name: forget
DELETE FROM delivery WHERE key IN (/* each , */ ? /* end */);

-- name: told
-- Which of these, by their places in the list, are of an event that their endpoint has a delivery of.
WITH given (place, endpoint, event_key, event_tail, job_key, job_tail, event) AS
  (VALUES /* each , */ (?, ?, ?, ?, ?, ?, ?) /* end */)
SELECT given.place FROM given
WHERE CASE WHEN given.event_key IS NULL THEN EXISTS (
    SELECT 1 FROM delivery INDEXED BY delivery_of_job
    WHERE delivery.job_key = given.job_key AND delivery.job_tail = given.job_tail AND delivery.event = given.event
      AND delivery.event_key IS NULL AND delivery.endpoint IS given.endpoint)
  ELSE EXISTS (
    SELECT 1 FROM delivery INDEXED BY delivery_of_event
    WHERE delivery.event_key = given.event_key AND delivery.event_tail = given.event_tail
      AND delivery.endpoint IS given.endpoint) END;
