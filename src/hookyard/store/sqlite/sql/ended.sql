-- The walk through the history: jobs that ended, the oldest first, with their results. It looks at so many rows at most, as
-- lists do: see lists.sql. The parameters of the inner question are the key before the first, the one behind the last, and
-- how many rows to look at; 4 is nothing here.

-- columns: of_history
SELECT key AS place FROM job_log WHERE key > ?1 AND key < ?2 ORDER BY key LIMIT ?3

-- name: page_of_history
-- Those that ended in a span of time.
SELECT /* columns job */, result, x'' FROM (/* columns of_history */) AS seen
CROSS JOIN job_log ON job_log.key = seen.place
WHERE ?4 IS NULL AND completed_at >= ?6 AND completed_at < ?7
LIMIT ?5;

-- name: reach_of_history
SELECT count(*), max(place) FROM (/* columns of_history */);
