-- Lanes that stand still, and workers that call in.

-- columns: worker
-- In the order in which the codec reads them.
name, principal, tenant, lanes, affinity, first_contact, last_contact, claimed, completed, failed

-- name: pause
INSERT INTO lane_pause (lane, since, by, reason) VALUES (?, ?, ?, ?)
ON CONFLICT (lane) DO NOTHING;

-- name: resume
DELETE FROM lane_pause WHERE lane = ?;

-- name: pauses
SELECT lane, since, by, reason FROM lane_pause ORDER BY lane;

-- name: put_worker
-- When it was first heard of stays.
INSERT INTO worker (/* columns worker */)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (principal, name) DO UPDATE
SET tenant = excluded.tenant, lanes = excluded.lanes, affinity = excluded.affinity,
    last_contact = excluded.last_contact, claimed = excluded.claimed, completed = excluded.completed,
    failed = excluded.failed;

-- name: workers
SELECT /* columns worker */ FROM worker ORDER BY last_contact DESC, principal, name;

-- name: forget_workers
-- Those that last called before a time; there are few of them.
DELETE FROM worker WHERE (principal, name) IN (
  SELECT principal, name FROM worker WHERE last_contact < ? ORDER BY last_contact, principal, name LIMIT ?);
