-- Outgoing deliveries: written with the end of their job, leased, settled.

-- name: add_deliveries
INSERT INTO delivery (
  key, tail, job_key, job_tail, event, endpoint, url, body, created_at, status, attempt, next_at, lease_token,
  lease_expires_at, last_status, last_error, completed_at, request_id, tenant, event_key, event_tail, order_key,
  round_start, epoch, put_off)
VALUES /* each , */ (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) /* end */;

-- name: pick_deliveries
-- The longest due, as one JSON text like the picks of a claim; body as hexadecimal digits, or
-- NULL when it is longer than the last parameter says, and its length.
WITH due (key, due_at) AS (
  SELECT * FROM (
    SELECT key, next_at FROM delivery INDEXED BY delivery_pending
    WHERE status = 'pending' AND next_at <= ?1 ORDER BY next_at, key LIMIT ?2)
  UNION ALL
  SELECT * FROM (
    SELECT key, lease_expires_at FROM delivery INDEXED BY delivery_sending
    WHERE status = 'sending' AND lease_expires_at <= ?1 ORDER BY lease_expires_at, key LIMIT ?2)
  ORDER BY 2, 1 LIMIT ?2)
SELECT json_group_array(json_array(
  /* columns delivery */,
  CASE WHEN length(body) <= ?3 THEN hex(body) END, length(body), due_at))
FROM due CROSS JOIN delivery USING (key);

-- name: body
SELECT body FROM delivery WHERE key = ?;

-- name: note_interrupted
-- The attempts of those of which nobody has written how they went; the parameters are the time and the deliveries.
INSERT OR IGNORE INTO delivery_attempt (delivery_key, number, started_at, duration, status, error, response)
SELECT key, attempt, ?, 0, NULL, 'interrupted', NULL FROM delivery WHERE key IN (/* each , */ ? /* end */);

-- name: lease_deliveries
-- The parameters are the token, the lease's end and then the deliveries.
UPDATE delivery SET status = 'sending', attempt = attempt + 1, lease_token = ?, lease_expires_at = ?
WHERE key IN (/* each , */ ? /* end */);

-- name: next_delivery
SELECT min(next_at) FROM delivery WHERE status = 'pending';

-- name: held_deliveries
-- Which of these are still leased with this token.
WITH given (key, tail, token) AS (VALUES /* each , */ (?, ?, ?) /* end */)
SELECT delivery.key FROM given CROSS JOIN delivery
WHERE delivery.key = given.key AND delivery.tail = given.tail AND delivery.status = 'sending'
  AND delivery.lease_token = given.token;

-- name: end_delivery_attempt
-- The attempts of those that are still leased; as many rows as leases are.
WITH given (key, tail, token, number, started_at, duration, status, error, response) AS
  (VALUES /* each , */ (?, ?, ?, ?, ?, ?, ?, ?, ?) /* end */)
INSERT INTO delivery_attempt (delivery_key, number, started_at, duration, status, error, response)
SELECT delivery.key, given.number, given.started_at, given.duration, given.status, given.error, given.response
FROM given CROSS JOIN delivery
WHERE delivery.key = given.key AND delivery.tail = given.tail AND delivery.status = 'sending'
  AND delivery.lease_token = given.token;

-- name: finish_delivery
-- The leases were looked at before.
WITH given (key, status, next_at, last_status, last_error, completed_at) AS
  (VALUES /* each , */ (?, ?, ?, ?, ?, ?) /* end */)
UPDATE delivery
SET status = given.status, next_at = given.next_at, put_off = 0, last_status = given.last_status,
    last_error = given.last_error, completed_at = given.completed_at, lease_token = NULL, lease_expires_at = NULL
FROM given
WHERE delivery.key = given.key;

-- name: note_all_interrupted
INSERT OR IGNORE INTO delivery_attempt (delivery_key, number, started_at, duration, status, error, response)
SELECT key, attempt, ?, 0, NULL, 'interrupted', NULL FROM delivery INDEXED BY delivery_sending WHERE status = 'sending';

-- name: reclaim_deliveries
UPDATE delivery SET status = 'pending', next_at = ?, lease_token = NULL, lease_expires_at = NULL
WHERE status = 'sending';

-- name: release_delivery
-- The leases were looked at before.
WITH given (key, next_at, put_off) AS (VALUES /* each , */ (?, ?, ?) /* end */)
UPDATE delivery
SET status = 'pending', attempt = attempt - 1, next_at = given.next_at, put_off = given.put_off, lease_token = NULL, lease_expires_at = NULL
FROM given
WHERE delivery.key = given.key;
