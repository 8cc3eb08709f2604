-- Partial results.

-- name: held_tally
-- The lease, if it is still held, the last number of an item of the job, and how many it has.
SELECT job.key, coalesce(tally.last, 0), coalesce(tally.done, 0), coalesce(tally.failed, 0)
FROM job_log AS job LEFT JOIN item_tally AS tally ON tally.job_key = job.key
WHERE job.key = ? AND job.tail = ? AND job.status = 'running' AND job.lease_token = ?;

-- name: known_items
-- What became of those that are there by these names.
WITH given (key, name) AS (VALUES /* each , */ (?, ?) /* end */)
SELECT item.status FROM given CROSS JOIN job_item AS item
WHERE item.job_key = given.key AND item.name = given.name;

-- name: put_items
INSERT OR REPLACE INTO job_item (job_key, name, number, status, at, error, data)
VALUES /* each , */ (?, ?, ?, ?, ?, ?, ?) /* end */;

-- name: put_tally
INSERT OR REPLACE INTO item_tally (job_key, done, failed, last) VALUES (?, ?, ?, ?);

-- name: items
-- The parameters are the job, the name of the last item that is known, and the limit.
SELECT item.name, item.number, item.status, item.data, item.error, item.at
FROM job_log AS job CROSS JOIN job_item AS item ON item.job_key = job.key
WHERE job.key = ? AND job.tail = ? AND item.name > ?
ORDER BY item.name LIMIT ?;

-- name: items_told
-- The same in the order of telling: the parameters are the job, the number of the last item that is known, and the limit.
SELECT item.name, item.number, item.status, item.data, item.error, item.at
FROM job_log AS job CROSS JOIN job_item AS item INDEXED BY item_told ON item.job_key = job.key
WHERE job.key = ? AND job.tail = ? AND item.number > ?
ORDER BY item.number LIMIT ?;

-- name: artifact_bytes
-- All artifacts are looked at: asked once, at the start.
SELECT coalesce(sum(size), 0) FROM artifact;
