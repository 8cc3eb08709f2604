-- Rules that create jobs by time.

-- columns: schedule
-- In the order in which the codec reads them.
name, tenant, origin, spec, created_at, created_by, paused, next_at, last_at, last_outcome, last_job, fired

-- name: put_schedule
INSERT OR REPLACE INTO schedule (/* columns schedule */)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: delete_schedule
DELETE FROM schedule WHERE name = ?;

-- name: pause_schedule
UPDATE schedule SET paused = ?, next_at = ? WHERE name = ?;

-- name: due_schedule
-- Whether this fire time is still to be acted on.
SELECT 1 FROM schedule WHERE name = ? AND next_at = ? AND paused = 0;

-- name: fired
-- The parameters are the next fire time, this one, its outcome, the job it made or NULL, whether it made one, the name.
UPDATE schedule
SET next_at = ?, last_at = ?, last_outcome = ?, last_job = coalesce(?, last_job), fired = fired + ?
WHERE name = ?;

-- name: schedules
SELECT /* columns schedule */ FROM schedule ORDER BY name;
