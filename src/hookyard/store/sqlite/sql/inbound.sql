-- What senders sent that jobs came of, and the idempotency keys under which it came.

-- name: keep
-- A job that takes the input of a later one takes this of it too.
INSERT OR REPLACE INTO inbound (job_key, source, event, delivery, headers, body)
VALUES /* each , */ (?, ?, ?, ?, ?, ?) /* end */;

-- name: drop
DELETE FROM inbound WHERE job_key = ?;

-- name: of_job
SELECT sent.source, sent.event, sent.delivery, sent.headers, sent.body
FROM job_log AS job CROSS JOIN inbound AS sent ON sent.job_key = job.key
WHERE job.key = ? AND job.tail = ?;

-- name: keyed
-- The live idempotency keys that are this one, or begin with it and a line break: the parameters are the scope, the key,
-- the first text that begins so, the first beyond, and the time. They lie in one stretch, with next to nothing between.
SELECT key, job_key, job_tail, expires_at, digest FROM idempotency_key
WHERE scope = ?1 AND key >= ?2 AND key < ?4 AND (key = ?2 OR key >= ?3) AND expires_at > ?5
ORDER BY key;

-- name: forget
DELETE FROM idempotency_key WHERE scope = ?1 AND key >= ?2 AND key < ?4 AND (key = ?2 OR key >= ?3);
