-- What tells whether a store is well: by the indexes of what waits, runs and failed, never by a walk through the history.

-- columns: unsettled
delivery INDEXED BY delivery_unsettled
WHERE endpoint IS ?1 AND status <> 'sending' AND status <> 'delivered' AND (?4 IS NULL OR epoch = ?4)

-- name: waiting
-- Lanes with jobs that are due, how many there are at most, and since when the longest waits. The parameter is the
-- number of jobs to look at.
SELECT lane, count(*), min(run_at) FROM (
  SELECT lane, run_at FROM job_log INDEXED BY job_queued WHERE ready = 1 LIMIT ?)
GROUP BY lane ORDER BY lane;

-- name: wanted
-- Commands that queued jobs are for.
SELECT plugin, command, count(*) FROM (
  SELECT plugin, command FROM job_log INDEXED BY job_waiting WHERE ready IS NOT NULL LIMIT ?)
GROUP BY plugin, command ORDER BY plugin, command;

-- name: stuck
-- Running jobs whose lease ended before a time.
SELECT count(*) FROM job_log INDEXED BY job_leased WHERE lease_expires_at < ?;

-- name: dead
-- Dead letters: the parameters are the first key to look at and the number of jobs.
SELECT plugin, command, count(*) FROM (
  SELECT plugin, command FROM job_log INDEXED BY job_unsuccessful
  WHERE completed_at IS NOT NULL AND status <> 'succeeded' AND key >= ? AND /* columns dead_letter */
  LIMIT ?)
GROUP BY plugin, command ORDER BY plugin, command;

-- name: addressed
-- The names of endpoints that have not been given something, of those that are gone too.
WITH RECURSIVE named (name) AS (
  SELECT min(endpoint) FROM delivery INDEXED BY delivery_unsettled WHERE status <> 'sending' AND status <> 'delivered'
  UNION ALL
  SELECT (SELECT min(endpoint) FROM delivery INDEXED BY delivery_unsettled
          WHERE endpoint > named.name AND status <> 'sending' AND status <> 'delivered')
  FROM named WHERE named.name IS NOT NULL)
SELECT name FROM named WHERE name IS NOT NULL;

-- name: receiver
-- What an endpoint (NULL: callback URLs) has not been given: how many are pending, of these how many are due and since
-- when, and how many have failed several times since they were last sent by hand; how many are held; the first that
-- waits; how many have failed for good; the last error of one that waits, or else of the newest that failed.
-- The parameters are the endpoint, up to how many are counted, the first key of those that failed, the endpoint's epoch
-- or NULL, from how many attempts on one has failed several times, and the time before which one was due.
SELECT
  pending, due, due_since, failing,
  (SELECT count(*) FROM (SELECT 1 FROM /* columns unsettled */ AND status = 'held' LIMIT ?2)),
  (SELECT min(first) FROM (
    SELECT min(key) AS first FROM /* columns unsettled */ AND status = 'pending'
    UNION ALL SELECT min(key) FROM /* columns unsettled */ AND status = 'held')),
  (SELECT count(*) FROM (SELECT 1 FROM /* columns unsettled */ AND status = 'failed' AND key >= ?3 LIMIT ?2)),
  (SELECT last_error FROM (
    SELECT last_error, 0 AS place FROM (
      SELECT last_error FROM /* columns unsettled */ AND status = 'pending' ORDER BY key LIMIT 100)
    WHERE last_error IS NOT NULL
    UNION ALL SELECT last_error, 1 FROM (
      SELECT last_error FROM /* columns unsettled */ AND status = 'failed' AND key >= ?3 ORDER BY key DESC LIMIT 1))
   ORDER BY place LIMIT 1)
FROM (
  SELECT
    count(*) AS pending,
    count(*) FILTER (WHERE next_at < ?6) AS due,
    min(next_at) FILTER (WHERE next_at < ?6) AS due_since,
    count(*) FILTER (WHERE attempt - round_start >= ?5) AS failing
  FROM (
    SELECT next_at, attempt, round_start FROM /* columns unsettled */ AND status = 'pending' ORDER BY key LIMIT ?2));
