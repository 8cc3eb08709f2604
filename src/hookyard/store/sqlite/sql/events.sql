-- What plugins emitted: written with the end of the job, listed newest first.

-- columns: event
-- In the order in which the codec reads them.
key, tail, type, plugin, command, job_key, job_tail, tenant, request_id, dedupe_key, created_at, payload

-- name: add_events
INSERT INTO event_log (/* columns event */)
VALUES /* each , */ (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) /* end */;

-- name: events
-- The parameters are the cursor, then key and tail of the job, type, plugin and tenant, each NULL for any,
-- then the limit.
SELECT /* columns event */ FROM event_log
WHERE key < ?1 AND (?4 IS NULL OR type = ?4) AND (?5 IS NULL OR plugin = ?5)
  AND (?6 IS NULL OR tenant = ?6) AND (?2 IS NULL OR (job_key = ?2 AND job_tail = ?3))
ORDER BY key DESC LIMIT ?7;

-- name: events_of_job
-- As above, by the index of the job.
SELECT /* columns event */ FROM event_log INDEXED BY event_of_job
WHERE key < ?1 AND job_key = ?2 AND job_tail = ?3
  AND (?4 IS NULL OR type = ?4) AND (?5 IS NULL OR plugin = ?5) AND (?6 IS NULL OR tenant = ?6)
ORDER BY key DESC LIMIT ?7;

-- name: events_of_type
-- As above, by the index of the type.
SELECT /* columns event */ FROM event_log INDEXED BY event_of_type
WHERE key < ?1 AND type = ?4 AND (?5 IS NULL OR plugin = ?5) AND (?6 IS NULL OR tenant = ?6)
  AND ?2 IS NULL AND ?3 IS NULL
ORDER BY key DESC LIMIT ?7;

-- name: events_of_plugin
-- As above, by the index of the plugin.
SELECT /* columns event */ FROM event_log INDEXED BY event_of_plugin
WHERE key < ?1 AND plugin = ?5 AND (?6 IS NULL OR tenant = ?6)
  AND ?4 IS NULL AND ?2 IS NULL AND ?3 IS NULL
ORDER BY key DESC LIMIT ?7;

-- name: events_of_tenant
-- As above, by the index of the tenant.
SELECT /* columns event */ FROM event_log INDEXED BY event_of_tenant
WHERE key < ?1 AND tenant = ?6 AND tenant <> '' AND (?4 IS NULL OR type = ?4) AND (?5 IS NULL OR plugin = ?5)
  AND ?2 IS NULL AND ?3 IS NULL
ORDER BY key DESC LIMIT ?7;

-- The same behind a cursor, the oldest first.

-- name: events_after
SELECT /* columns event */ FROM event_log
WHERE key > ?1 AND (?4 IS NULL OR type = ?4) AND (?5 IS NULL OR plugin = ?5)
  AND (?6 IS NULL OR tenant = ?6) AND (?2 IS NULL OR (job_key = ?2 AND job_tail = ?3))
ORDER BY key LIMIT ?7;

-- name: events_of_job_after
SELECT /* columns event */ FROM event_log INDEXED BY event_of_job
WHERE key > ?1 AND job_key = ?2 AND job_tail = ?3
  AND (?4 IS NULL OR type = ?4) AND (?5 IS NULL OR plugin = ?5) AND (?6 IS NULL OR tenant = ?6)
ORDER BY key LIMIT ?7;

-- name: events_of_type_after
SELECT /* columns event */ FROM event_log INDEXED BY event_of_type
WHERE key > ?1 AND type = ?4 AND (?5 IS NULL OR plugin = ?5) AND (?6 IS NULL OR tenant = ?6)
  AND ?2 IS NULL AND ?3 IS NULL
ORDER BY key LIMIT ?7;

-- name: events_of_plugin_after
SELECT /* columns event */ FROM event_log INDEXED BY event_of_plugin
WHERE key > ?1 AND plugin = ?5 AND (?6 IS NULL OR tenant = ?6)
  AND ?4 IS NULL AND ?2 IS NULL AND ?3 IS NULL
ORDER BY key LIMIT ?7;

-- name: events_of_tenant_after
SELECT /* columns event */ FROM event_log INDEXED BY event_of_tenant
WHERE key > ?1 AND tenant = ?6 AND tenant <> '' AND (?4 IS NULL OR type = ?4) AND (?5 IS NULL OR plugin = ?5)
  AND ?2 IS NULL AND ?3 IS NULL
ORDER BY key LIMIT ?7;
