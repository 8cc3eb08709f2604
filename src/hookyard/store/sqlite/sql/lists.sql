-- Lists of jobs and of the audit log, newest first. However long the history is, a page looks at so many rows at most: the
-- inner question takes them in their order, one after the other, and ends with the outer one's limit. It has the order
-- of the index, and the outer one keeps it, because a join without another order goes through its first table as it is.
--
-- The parameters of the inner questions are the keys between which to look, the upper one left out, how many rows to
-- look at, and what the index is asked for.

-- columns: among_all
SELECT key AS place FROM job_log WHERE key < ?1 AND key >= ?2 ORDER BY key DESC LIMIT ?3

-- columns: among_queued
-- It may be a handful among millions.
SELECT key AS place FROM job_log INDEXED BY job_waiting
WHERE ready IS NOT NULL AND key < ?1 AND key >= ?2 ORDER BY key DESC LIMIT ?3

-- columns: among_running
-- All that run are looked at, by the index of the leases.
SELECT key AS place FROM job_log INDEXED BY job_leased
WHERE lease_expires_at IS NOT NULL AND key < ?1 AND key >= ?2 ORDER BY key DESC LIMIT ?3

-- columns: among_unsuccessful
SELECT key AS place FROM job_log INDEXED BY job_unsuccessful
WHERE completed_at IS NOT NULL AND status <> 'succeeded' AND status = ?4
  AND key < ?1 AND key >= ?2 ORDER BY key DESC LIMIT ?3

-- columns: among_failures
-- Both in one order: each is read only as far as it is needed.
SELECT key AS place FROM job_log INDEXED BY job_unsuccessful
WHERE completed_at IS NOT NULL AND status <> 'succeeded' AND status = 'failed' AND key < ?1 AND key >= ?2
UNION ALL
SELECT key FROM job_log INDEXED BY job_unsuccessful
WHERE completed_at IS NOT NULL AND status <> 'succeeded' AND status = 'timed_out' AND key < ?1 AND key >= ?2
ORDER BY place DESC LIMIT ?3

-- columns: of_parent
SELECT key AS place FROM job_log INDEXED BY job_child
WHERE parent = ?4 AND key < ?1 AND key >= ?2 ORDER BY key DESC LIMIT ?3

-- columns: of_source
SELECT key AS place FROM job_log INDEXED BY job_of_source
WHERE source = ?4 AND key < ?1 AND key >= ?2 ORDER BY key DESC LIMIT ?3

-- columns: of_tenant
SELECT key AS place FROM job_log INDEXED BY job_of_tenant
WHERE tenant <> '' AND tenant = ?4 AND key < ?1 AND key >= ?2 ORDER BY key DESC LIMIT ?3

-- columns: of_tag
SELECT job_key AS place FROM job_tag
WHERE tag = ?4 AND job_key < ?1 AND job_key >= ?2 ORDER BY job_key DESC LIMIT ?3

-- columns: asked_for
-- What the other parameters ask for, each NULL for any; 5 is the limit.
AS seen CROSS JOIN job_log ON job_log.key = seen.place
WHERE (?6 IS NULL OR status = ?6) AND (?7 IS NULL OR reason = ?7) AND (?8 IS NULL OR plugin = ?8)
  AND (?9 IS NULL OR command = ?9) AND (?10 IS NULL OR lane = ?10) AND (?11 IS NULL OR principal = ?11)
  AND (?12 IS NULL OR source = ?12) AND (?13 IS NULL OR tenant = ?13) AND (?14 IS NULL OR parent = ?14)
  AND (?15 IS NULL OR completed_at >= ?15) AND (?16 IS NULL OR completed_at < ?16)
  AND (?17 IS NULL OR EXISTS (SELECT 1 FROM job_tag WHERE tag = ?17 AND job_tag.job_key = job_log.key))
  AND (?18 IS NULL OR (last_error IS NOT NULL AND error_mentions(last_error, ?18)))
  AND (NOT ?19 OR (/* columns dead_letter */))
LIMIT ?5

-- columns: audit_all
SELECT key AS place FROM audit_log WHERE key < ?1 AND key >= ?2 ORDER BY key DESC LIMIT ?3

-- columns: audit_of_principal
SELECT key AS place FROM audit_log INDEXED BY audit_of_principal
WHERE principal = ?4 AND key < ?1 AND key >= ?2 ORDER BY key DESC LIMIT ?3

-- columns: audit_of_action
SELECT key AS place FROM audit_log INDEXED BY audit_of_action
WHERE action = ?4 AND key < ?1 AND key >= ?2 ORDER BY key DESC LIMIT ?3

-- columns: audit_of_target
SELECT key AS place FROM audit_log INDEXED BY audit_of_target
WHERE target = ?4 AND key < ?1 AND key >= ?2 ORDER BY key DESC LIMIT ?3

-- columns: entry
key, tail, at, principal, action, target, tenant, peer, request_id, details

-- columns: entries_asked_for
-- As above.
AS seen CROSS JOIN audit_log ON audit_log.key = seen.place
WHERE (?6 IS NULL OR principal = ?6)
  AND (?7 IS NULL OR action = ?7 OR substr(action, 1, length(?7) + 1) = ?7 || '.')
  AND (?8 IS NULL OR target = ?8) AND (?9 IS NULL OR tenant = ?9)
LIMIT ?5

-- name: page_among_all
SELECT /* columns job */, NULL, x'' FROM (/* columns among_all */) /* columns asked_for */;

-- name: reach_among_all
-- Where a page that came out short has stopped: how many rows were looked at, and the last key.
SELECT count(*), min(place) FROM (/* columns among_all */);

-- name: page_among_queued
SELECT /* columns job */, NULL, x'' FROM (/* columns among_queued */) /* columns asked_for */;

-- name: reach_among_queued
SELECT count(*), min(place) FROM (/* columns among_queued */);

-- name: page_among_running
SELECT /* columns job */, NULL, x'' FROM (/* columns among_running */) /* columns asked_for */;

-- name: reach_among_running
SELECT count(*), min(place) FROM (/* columns among_running */);

-- name: page_among_unsuccessful
SELECT /* columns job */, NULL, x'' FROM (/* columns among_unsuccessful */) /* columns asked_for */;

-- name: reach_among_unsuccessful
SELECT count(*), min(place) FROM (/* columns among_unsuccessful */);

-- name: page_among_failures
SELECT /* columns job */, NULL, x'' FROM (/* columns among_failures */) /* columns asked_for */;

-- name: reach_among_failures
SELECT count(*), min(place) FROM (/* columns among_failures */);

-- name: page_of_parent
SELECT /* columns job */, NULL, x'' FROM (/* columns of_parent */) /* columns asked_for */;

-- name: reach_of_parent
SELECT count(*), min(place) FROM (/* columns of_parent */);

-- name: page_of_source
SELECT /* columns job */, NULL, x'' FROM (/* columns of_source */) /* columns asked_for */;

-- name: reach_of_source
SELECT count(*), min(place) FROM (/* columns of_source */);

-- name: page_of_tenant
SELECT /* columns job */, NULL, x'' FROM (/* columns of_tenant */) /* columns asked_for */;

-- name: reach_of_tenant
SELECT count(*), min(place) FROM (/* columns of_tenant */);

-- name: page_of_tag
SELECT /* columns job */, NULL, x'' FROM (/* columns of_tag */) /* columns asked_for */;

-- name: reach_of_tag
SELECT count(*), min(place) FROM (/* columns of_tag */);

-- name: page_audit_all
SELECT /* columns entry */ FROM (/* columns audit_all */) /* columns entries_asked_for */;

-- name: reach_audit_all
SELECT count(*), min(place) FROM (/* columns audit_all */);

-- name: page_audit_of_principal
SELECT /* columns entry */ FROM (/* columns audit_of_principal */) /* columns entries_asked_for */;

-- name: reach_audit_of_principal
SELECT count(*), min(place) FROM (/* columns audit_of_principal */);

-- name: page_audit_of_action
SELECT /* columns entry */ FROM (/* columns audit_of_action */) /* columns entries_asked_for */;

-- name: reach_audit_of_action
SELECT count(*), min(place) FROM (/* columns audit_of_action */);

-- name: page_audit_of_target
SELECT /* columns entry */ FROM (/* columns audit_of_target */) /* columns entries_asked_for */;

-- name: reach_audit_of_target
SELECT count(*), min(place) FROM (/* columns audit_of_target */);
