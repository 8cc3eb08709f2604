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

-- name: undelivered
-- Deliveries that have failed at least so often since they were last sent by hand, and are tried again, by endpoint.
SELECT coalesce(endpoint, ''), count(*), max(last_error) FROM (
  SELECT endpoint, last_error FROM delivery INDEXED BY delivery_pending
  WHERE status = 'pending' AND attempt - round_start >= ? LIMIT ?)
GROUP BY endpoint ORDER BY endpoint;

-- name: overdue
-- Deliveries that were due before a time, by endpoint, how many there are at most, and since when the longest is.
SELECT coalesce(endpoint, ''), count(*), min(next_at) FROM (
  SELECT endpoint, next_at FROM delivery INDEXED BY delivery_pending
  WHERE status = 'pending' AND next_at < ? LIMIT ?)
GROUP BY endpoint ORDER BY endpoint;

-- name: receiver
-- What an endpoint (NULL: callback URLs) has not been given: how many wait and are held, the first of them, how many
-- have failed for good, and the last error of one that waits, or else of the newest that failed. The parameters are the
-- endpoint, up to how many are counted, the first key of those that failed, and the endpoint's epoch, or NULL.
SELECT
  (SELECT count(*) FROM (SELECT 1 FROM /* columns unsettled */ AND status = 'pending' LIMIT ?2)),
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
   ORDER BY place LIMIT 1);
