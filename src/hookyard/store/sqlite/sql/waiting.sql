-- What waits for other jobs, or for the room that a concurrency key has.

-- name: statuses
-- What became of these jobs.
WITH given (key, tail) AS (VALUES /* each , */ (?, ?) /* end */)
SELECT job.key, job.status FROM given CROSS JOIN job_log AS job
WHERE job.key = given.key AND job.tail = given.tail;

-- name: wait
INSERT INTO job_after (job_key, on_key, on_tail, doomed) VALUES /* each , */ (?, ?, ?, 0) /* end */;

-- name: wake
-- A job has succeeded: these waited for it alone. The parameters are its key, its tail and the time.
UPDATE job_log NOT INDEXED
SET ready = CASE WHEN run_at > ?3 THEN 0 WHEN concurrency_key IS NULL THEN 1 ELSE 2 END
WHERE key IN (SELECT job_key FROM job_after INDEXED BY job_before WHERE on_key = ?1 AND on_tail = ?2)
  AND ready = 3
  AND NOT EXISTS (
    SELECT 1 FROM job_after AS other
    WHERE other.job_key = job_log.key AND NOT (other.on_key = ?1 AND other.on_tail = ?2))
RETURNING lane, concurrency_key;

-- name: met
-- None waits for it any more.
DELETE FROM job_after WHERE on_key = ? AND on_tail = ?;

-- name: doom
-- A job has ended otherwise, or, with 0, is tried again.
UPDATE job_after SET doomed = ?1 WHERE on_key = ?2 AND on_tail = ?3;

-- name: awaited
-- Whether a queued job waits for this one.
SELECT 1 FROM job_after AS wait INDEXED BY job_before CROSS JOIN job_log AS waiting ON waiting.key = wait.job_key
WHERE wait.on_key = ? AND wait.on_tail = ? AND waiting.status = 'queued' LIMIT 1;

-- name: doomed
-- Whether a job waits in vain.
SELECT 1 FROM job_after INDEXED BY job_doomed WHERE job_key = ? AND doomed = 1 LIMIT 1;

-- name: look
-- The first job of the first group after the one given of those that are held back by their concurrency key: how many
-- may run, how many run, and how many of the group are in the queue before it.
WITH given (lane, concurrency_key, after) AS (VALUES /* each , */ (?, ?, ?) /* end */)
SELECT given.lane, given.concurrency_key, first.key,
  first.concurrency_limit || char(31) || first.tenant || char(31) || ifnull(first.affinity, ''),
  first.concurrency_limit,
  (SELECT count(*) FROM job_log AS one INDEXED BY job_keyed_running
   WHERE one.lane = given.lane AND one.concurrency_key = given.concurrency_key AND one.status = 'running'),
  (SELECT count(*) FROM job_log AS one INDEXED BY job_keyed
   WHERE one.lane = given.lane AND one.concurrency_key = given.concurrency_key AND one.ready = 1
     AND one.concurrency_limit || char(31) || one.tenant || char(31) || ifnull(one.affinity, '')
       = first.concurrency_limit || char(31) || first.tenant || char(31) || ifnull(first.affinity, '')
     AND (one.priority > first.priority OR (one.priority = first.priority AND one.key < first.key)))
FROM given CROSS JOIN job_log AS first
WHERE first.key = (
  SELECT one.key FROM job_log AS one INDEXED BY job_keyed
  WHERE one.lane = given.lane AND one.concurrency_key = given.concurrency_key AND one.ready = 2
    AND one.concurrency_limit || char(31) || one.tenant || char(31) || ifnull(one.affinity, '') > given.after
  ORDER BY one.concurrency_limit || char(31) || one.tenant || char(31) || ifnull(one.affinity, ''),
    one.priority DESC, one.key
  LIMIT 1);

-- name: let_go
-- Into the queue.
UPDATE job_log NOT INDEXED SET ready = 1 WHERE key IN (/* each , */ ? /* end */) AND ready = 2;

-- name: hold
-- Out of it, until their key has room.
UPDATE job_log NOT INDEXED SET ready = 2 WHERE key IN (/* each , */ ? /* end */) AND ready = 1;

-- name: freed
-- Whether another job can run now that one of this lane and key runs no more: one that is due and whose limit is as
-- many as ran until now. The parameters are the lane, the key and the job that ran.
SELECT EXISTS (
  SELECT 1 FROM (VALUES (1), (2)) AS state CROSS JOIN job_log AS one INDEXED BY job_keyed
  WHERE one.lane = ?1 AND one.concurrency_key = ?2 AND one.ready = state.column1
    AND one.concurrency_limit || char(31) || one.tenant || char(31) || ifnull(one.affinity, '')
      BETWEEN before.number || char(31) AND before.number || char(32)
    AND one.key <> ?3)
FROM (
  SELECT 1 + count(*) AS number FROM job_log INDEXED BY job_keyed_running
  WHERE lane = ?1 AND concurrency_key = ?2 AND status = 'running') AS before;

-- name: keyed_due
-- The keys of what has become due in these lanes; the parameters are the lanes and then the time.
SELECT DISTINCT lane, concurrency_key FROM job_log INDEXED BY job_later
WHERE ready = 0 AND lane IN (/* each , */ ? /* end */) AND run_at <= ?
  AND concurrency_key IS NOT NULL;

-- name: running_of_keys
-- How many run under these keys.
WITH given (lane, concurrency_key) AS (VALUES /* each , */ (?, ?) /* end */)
SELECT given.lane, given.concurrency_key, (
  SELECT count(*) FROM job_log AS one INDEXED BY job_keyed_running
  WHERE one.lane = given.lane AND one.concurrency_key = given.concurrency_key AND one.status = 'running')
FROM given;

-- name: concerned
-- Of these jobs those whose end others wait for: with their lane and key, and whether jobs come after them.
SELECT key, lane, concurrency_key,
  EXISTS (SELECT 1 FROM job_after INDEXED BY job_before
          WHERE job_after.on_key = job_log.key AND job_after.on_tail = job_log.tail) AS awaited
FROM job_log
WHERE key IN (/* each , */ ? /* end */) AND (concurrency_key IS NOT NULL OR awaited);

-- name: any_keyed
-- Whether active jobs have concurrency keys.
SELECT EXISTS (SELECT 1 FROM job_log INDEXED BY job_keyed WHERE concurrency_key IS NOT NULL AND ready IS NOT NULL)
  OR EXISTS (SELECT 1 FROM job_log INDEXED BY job_keyed_running
             WHERE concurrency_key IS NOT NULL AND status = 'running');

-- name: any_after
SELECT EXISTS (SELECT 1 FROM job_after);

-- name: depths
-- How many jobs of each lane are queued: walks through all of them, at the start.
SELECT lane, count(*) FROM job_log INDEXED BY job_queued WHERE ready IS NOT NULL GROUP BY lane;
