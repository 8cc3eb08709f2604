-- Subscribers, and what became of what they were sent.

-- columns: endpoint
-- In the order in which the codec reads them.
name, tenant, origin, spec, private, epoch, created_at, created_by, updated_at, disabled_at, disabled_reason, failing_since

-- columns: waiting_or_failed
delivery INDEXED BY delivery_unsettled
WHERE endpoint = ?1 AND status <> 'sending' AND status <> 'delivered' AND (?3 IS NULL OR epoch = ?3)

-- columns: being_sent
-- What is being sent is little, whosever it is.
delivery INDEXED BY delivery_sending WHERE status = 'sending' AND endpoint = ?1 AND (?3 IS NULL OR epoch = ?3)

-- name: put_endpoint
INSERT OR REPLACE INTO endpoint (/* columns endpoint */)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: put_new_endpoint
-- As many rows as there was none of the name.
INSERT INTO endpoint (/* columns endpoint */)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (name) DO NOTHING;

-- name: delete_endpoint
DELETE FROM endpoint WHERE name = ?;

-- name: mark_endpoint
UPDATE endpoint SET failing_since = ?, disabled_at = ?, disabled_reason = ? WHERE name = ?;

-- name: replace_private
UPDATE endpoint SET private = ? WHERE name = ? AND epoch = ? AND private = ?;

-- name: secure_delete_on
-- What is taken out is overwritten with zeros, and no copy of it is left where pages are split. It is not so for all
-- statements, since jobs come and go by the thousand; the setting is the connection's.
PRAGMA secure_delete = ON;

-- name: secure_delete_off
PRAGMA secure_delete = OFF;

-- name: endpoints
SELECT /* columns endpoint */ FROM endpoint ORDER BY name;

-- name: endpoint_attempts
-- The parameters are the endpoint, how many of its deliveries to look at, the limit, and the epoch, or NULL.
SELECT one.key, one.tail, one.event, tried.number, tried.started_at, tried.duration, tried.status, tried.error
FROM (SELECT key FROM delivery INDEXED BY delivery_of_endpoint WHERE endpoint = ?1 ORDER BY key DESC LIMIT ?2) AS newest
CROSS JOIN delivery AS one ON one.key = newest.key AND (?4 IS NULL OR one.epoch = ?4)
CROSS JOIN delivery_attempt AS tried ON tried.delivery_key = one.key
ORDER BY one.key DESC, tried.number DESC LIMIT ?3;

-- name: backlog
-- Each is counted up to the second parameter; the third is the epoch, or NULL.
SELECT
  (SELECT count(*) FROM (SELECT 1 FROM /* columns waiting_or_failed */ AND status = 'pending' LIMIT ?2)),
  (SELECT count(*) FROM (SELECT 1 FROM /* columns waiting_or_failed */ AND status = 'held' LIMIT ?2)),
  (SELECT count(*) FROM (SELECT 1 FROM /* columns being_sent */ LIMIT ?2)),
  (SELECT count(*) FROM (SELECT 1 FROM /* columns waiting_or_failed */ AND status = 'failed' LIMIT ?2)),
  (SELECT created_at FROM delivery WHERE key = (
    SELECT min(first) FROM (
      SELECT min(key) AS first FROM /* columns waiting_or_failed */ AND status = 'pending'
      UNION ALL SELECT min(key) FROM /* columns waiting_or_failed */ AND status = 'held'
      UNION ALL SELECT min(key) FROM /* columns being_sent */)));
