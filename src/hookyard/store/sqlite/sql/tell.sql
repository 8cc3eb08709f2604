-- What a running job tells of itself.

-- name: holding
-- Which of these leases are still held.
WITH given (key, tail, token) AS (VALUES /* each , */ (?, ?, ?) /* end */)
SELECT job.key FROM given CROSS JOIN job_log AS job
WHERE job.key = given.key AND job.tail = given.tail AND job.status = 'running' AND job.lease_token = given.token;

-- name: put_progress
-- As many rows as leases are still held.
WITH given (key, tail, token, progress) AS (VALUES /* each , */ (?, ?, ?, ?) /* end */)
INSERT OR REPLACE INTO job_progress (job_key, progress)
SELECT job.key, given.progress FROM given CROSS JOIN job_log AS job
WHERE job.key = given.key AND job.tail = given.tail AND job.status = 'running' AND job.lease_token = given.token;

-- name: put_artifacts
-- As many rows as leases are still held.
WITH given (key, tail, token, name, media_type, size, sha256, location, created_at) AS
  (VALUES /* each , */ (?, ?, ?, ?, ?, ?, ?, ?, ?) /* end */)
INSERT OR REPLACE INTO artifact (job_key, name, media_type, size, sha256, location, created_at)
SELECT job.key, given.name, given.media_type, given.size, given.sha256, given.location, given.created_at
FROM given CROSS JOIN job_log AS job
WHERE job.key = given.key AND job.tail = given.tail AND job.status = 'running' AND job.lease_token = given.token;

-- name: append_lines
-- Lines of jobs that are there; `place` counts the lines of one job among these, from 1.
WITH given (key, tail, place, attempt, at, level, event, "values") AS
  (VALUES /* each , */ (?, ?, ?, ?, ?, ?, ?, ?) /* end */)
INSERT INTO job_line (job_key, number, attempt, at, level, event, "values")
SELECT job.key, given.place + coalesce((SELECT max(number) FROM job_line WHERE job_key = job.key), 0),
  given.attempt, given.at, given.level, given.event, given."values"
FROM given CROSS JOIN job_log AS job
WHERE job.key = given.key AND job.tail = given.tail;
