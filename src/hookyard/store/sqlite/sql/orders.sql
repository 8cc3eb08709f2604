-- Deliveries that are sent one after the other: of those of one endpoint with the same key that are open, one is pending or
-- being sent, and the others are held.

-- name: any_ordered
-- Whether there is any: as long as there is none, nobody looks for them.
SELECT 1 FROM delivery INDEXED BY delivery_ordered WHERE order_key IS NOT NULL AND completed_at IS NULL LIMIT 1;

-- name: open_orders
-- In which of these something is open; an endpoint may be NULL, as that of a callback URL is.
WITH given (endpoint, order_key) AS (VALUES /* each , */ (?, ?) /* end */)
SELECT given.endpoint, given.order_key FROM given
WHERE EXISTS (
  SELECT 1 FROM delivery INDEXED BY delivery_ordered
  WHERE delivery.endpoint IS given.endpoint AND delivery.order_key = given.order_key AND delivery.completed_at IS NULL);

-- name: orders_of
-- The orders that these deliveries are in.
SELECT key, endpoint, order_key FROM delivery WHERE key IN (/* each , */ ? /* end */) AND order_key IS NOT NULL;

-- name: leave_order
UPDATE delivery SET order_key = NULL WHERE key IN (/* each , */ ? /* end */);

-- name: promote
-- The turn of the next one of these orders, in which none is pending or being sent any more.
WITH given (endpoint, order_key, due) AS (VALUES /* each , */ (?, ?, ?) /* end */)
UPDATE delivery SET status = 'pending', next_at = given.due
FROM given
WHERE delivery.key = (
    SELECT min(one.key) FROM delivery AS one INDEXED BY delivery_ordered
    WHERE one.endpoint IS given.endpoint AND one.order_key = given.order_key AND one.completed_at IS NULL)
  AND delivery.status = 'held';
