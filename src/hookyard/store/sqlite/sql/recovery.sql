-- Deliveries that people send again, give up and delete. The walks go through what an endpoint has in the order of ids, and
-- look at so many rows: their parameters are the key before and the key behind, the limit, and the endpoint, or NULL for
-- callback URLs. With a tenant behind these they go through all that it has, for whom it may be: the name may have been
-- another's, and what is for callback URLs is of all of them, so that the pages would tell how much others have. There what
-- is not for this endpoint has no status.

-- columns: waiting_or_failed
-- One index holds those that are neither being sent nor delivered.
key, tail, tenant, url, status, last_error, next_at, event
FROM delivery INDEXED BY delivery_unsettled
WHERE endpoint IS ?4 AND status <> 'sending' AND status <> 'delivered' AND key > ?1 AND key < ?2

-- columns: waiting_or_failed_of_tenant
-- One index holds those of a tenant.
key, tail, tenant, url, CASE WHEN endpoint IS ?4 THEN status ELSE '' END, last_error, next_at, event
FROM delivery INDEXED BY delivery_unsettled_of_tenant
WHERE tenant <> '' AND tenant = ?5 AND status <> 'sending' AND status <> 'delivered' AND key > ?1 AND key < ?2

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

-- name: put_off
-- What is put off for callback URLs of all origins; the parameters are the key before, and how many rows to look at.
SELECT key, tail, url FROM delivery INDEXED BY delivery_put_off
WHERE put_off = 1 AND status = 'pending' AND endpoint IS NULL AND key > ?1 ORDER BY key LIMIT ?2;

-- name: make_due
-- The parameters are the time and the deliveries, all of which are put off.
UPDATE delivery SET next_at = ?, put_off = 0 WHERE key IN (/* each , */ ? /* end */);

-- name: abandon
UPDATE delivery SET status = 'failed', last_error = 'abandoned', next_at = NULL, completed_at = ? WHERE key = ?;

-- name: all_of
SELECT key, tail, tenant, url, status, last_error, next_at, event
FROM delivery INDEXED BY delivery_of_endpoint
WHERE endpoint IS ?4 AND key > ?1 AND key < ?2
ORDER BY key LIMIT ?3;

-- name: some_of
-- Those of three statuses, each of which is asked for or not: each is read only as far as it is needed.
SELECT * FROM (SELECT /* columns waiting_or_failed */
    AND status = 'pending' AND ?5 ORDER BY key LIMIT ?3)
UNION ALL
SELECT * FROM (SELECT /* columns waiting_or_failed */
    AND status = 'held' AND ?6 ORDER BY key LIMIT ?3)
UNION ALL
SELECT * FROM (SELECT /* columns waiting_or_failed */
    AND status = 'failed' AND ?7 ORDER BY key LIMIT ?3)
ORDER BY 1 LIMIT ?3;

-- name: all_of_tenant
SELECT key, tail, tenant, url, CASE WHEN endpoint IS ?4 THEN status ELSE '' END, last_error, next_at, event
FROM delivery INDEXED BY delivery_of_tenant
WHERE tenant <> '' AND tenant = ?5 AND key > ?1 AND key < ?2
ORDER BY key LIMIT ?3;

-- name: some_of_tenant
SELECT * FROM (SELECT /* columns waiting_or_failed_of_tenant */
    AND status = 'pending' AND ?6 ORDER BY key LIMIT ?3)
UNION ALL
SELECT * FROM (SELECT /* columns waiting_or_failed_of_tenant */
    AND status = 'held' AND ?7 ORDER BY key LIMIT ?3)
UNION ALL
SELECT * FROM (SELECT /* columns waiting_or_failed_of_tenant */
    AND status = 'failed' AND ?8 ORDER BY key LIMIT ?3)
ORDER BY 1 LIMIT ?3;

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
