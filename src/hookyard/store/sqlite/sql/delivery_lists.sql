-- Lists of deliveries, newest first, made as those of jobs are: see lists.sql. The parameters of the inner questions are the
-- keys between which to look, the upper one left out, how many rows to look at, and what the index is asked for.

-- columns: all
SELECT key AS place FROM delivery WHERE key < ?1 AND key >= ?2 ORDER BY key DESC LIMIT ?3

-- columns: of_job
SELECT key AS place FROM delivery INDEXED BY delivery_of_job
WHERE job_key = ?4 AND key < ?1 AND key >= ?2 ORDER BY key DESC LIMIT ?3

-- columns: of_endpoint
-- Of an endpoint, or with NULL to callback URLs.
SELECT key AS place FROM delivery INDEXED BY delivery_of_endpoint
WHERE endpoint IS ?4 AND key < ?1 AND key >= ?2 ORDER BY key DESC LIMIT ?3

-- columns: of_endpoint_pending
-- Of the same what waits, is held or has failed for good.
SELECT key AS place FROM delivery INDEXED BY delivery_unsettled
WHERE endpoint IS ?4 AND status <> 'sending' AND status <> 'delivered' AND status = 'pending'
  AND key < ?1 AND key >= ?2 ORDER BY key DESC LIMIT ?3

-- columns: of_endpoint_held
SELECT key AS place FROM delivery INDEXED BY delivery_unsettled
WHERE endpoint IS ?4 AND status <> 'sending' AND status <> 'delivered' AND status = 'held'
  AND key < ?1 AND key >= ?2 ORDER BY key DESC LIMIT ?3

-- columns: of_endpoint_failed
SELECT key AS place FROM delivery INDEXED BY delivery_unsettled
WHERE endpoint IS ?4 AND status <> 'sending' AND status <> 'delivered' AND status = 'failed'
  AND key < ?1 AND key >= ?2 ORDER BY key DESC LIMIT ?3

-- columns: sending
-- All that are being sent are looked at, by the index of the leases.
SELECT key AS place FROM delivery INDEXED BY delivery_sending
WHERE status = 'sending' AND key < ?1 AND key >= ?2 ORDER BY key DESC LIMIT ?3

-- columns: failed
SELECT key AS place FROM delivery INDEXED BY delivery_failed
WHERE completed_at IS NOT NULL AND status = 'failed' AND key < ?1 AND key >= ?2 ORDER BY key DESC LIMIT ?3

-- columns: waiting
-- What is pending, or what is held.
SELECT key AS place FROM delivery INDEXED BY delivery_waiting
WHERE completed_at IS NULL AND status <> 'sending' AND status = ?4 AND key < ?1 AND key >= ?2 ORDER BY key DESC LIMIT ?3

-- columns: of_tenant
SELECT key AS place FROM delivery INDEXED BY delivery_of_tenant
WHERE tenant <> '' AND tenant = ?4 AND key < ?1 AND key >= ?2 ORDER BY key DESC LIMIT ?3

-- columns: of_tenant_pending
-- Of the same what waits, is held or has failed for good.
SELECT key AS place FROM delivery INDEXED BY delivery_unsettled_of_tenant
WHERE tenant <> '' AND tenant = ?4 AND status <> 'sending' AND status <> 'delivered' AND status = 'pending'
  AND key < ?1 AND key >= ?2 ORDER BY key DESC LIMIT ?3

-- columns: of_tenant_held
SELECT key AS place FROM delivery INDEXED BY delivery_unsettled_of_tenant
WHERE tenant <> '' AND tenant = ?4 AND status <> 'sending' AND status <> 'delivered' AND status = 'held'
  AND key < ?1 AND key >= ?2 ORDER BY key DESC LIMIT ?3

-- columns: of_tenant_failed
SELECT key AS place FROM delivery INDEXED BY delivery_unsettled_of_tenant
WHERE tenant <> '' AND tenant = ?4 AND status <> 'sending' AND status <> 'delivered' AND status = 'failed'
  AND key < ?1 AND key >= ?2 ORDER BY key DESC LIMIT ?3

-- columns: asked_for
-- What the other parameters ask for, each NULL for any; 5 is the limit. 14 is whether 9, the type, has globs: these are what
-- they are where deliveries are recovered and purged, which SQLite's own GLOB is not.
AS seen CROSS JOIN delivery ON delivery.key = seen.place
WHERE (?6 IS NULL OR endpoint = ?6) AND (NOT ?7 OR endpoint IS NULL) AND (?8 IS NULL OR status = ?8)
  AND (?9 IS NULL OR CASE WHEN ?14 THEN matches_type(?9, event) ELSE event = ?9 END) AND (?10 IS NULL OR (job_key = ?10 AND job_tail = ?11))
  AND (?12 IS NULL OR tenant = ?12) AND (?13 IS NULL OR last_error = ?13)
LIMIT ?5

-- name: page_all
SELECT /* columns delivery */, x'' FROM (/* columns all */) /* columns asked_for */;

-- name: reach_all
SELECT count(*), min(place) FROM (/* columns all */);

-- name: page_of_job
SELECT /* columns delivery */, x'' FROM (/* columns of_job */) /* columns asked_for */;

-- name: reach_of_job
SELECT count(*), min(place) FROM (/* columns of_job */);

-- name: page_of_endpoint
SELECT /* columns delivery */, x'' FROM (/* columns of_endpoint */) /* columns asked_for */;

-- name: reach_of_endpoint
SELECT count(*), min(place) FROM (/* columns of_endpoint */);

-- name: page_of_endpoint_pending
SELECT /* columns delivery */, x'' FROM (/* columns of_endpoint_pending */) /* columns asked_for */;

-- name: reach_of_endpoint_pending
SELECT count(*), min(place) FROM (/* columns of_endpoint_pending */);

-- name: page_of_endpoint_held
SELECT /* columns delivery */, x'' FROM (/* columns of_endpoint_held */) /* columns asked_for */;

-- name: reach_of_endpoint_held
SELECT count(*), min(place) FROM (/* columns of_endpoint_held */);

-- name: page_of_endpoint_failed
SELECT /* columns delivery */, x'' FROM (/* columns of_endpoint_failed */) /* columns asked_for */;

-- name: reach_of_endpoint_failed
SELECT count(*), min(place) FROM (/* columns of_endpoint_failed */);

-- name: page_sending
SELECT /* columns delivery */, x'' FROM (/* columns sending */) /* columns asked_for */;

-- name: reach_sending
SELECT count(*), min(place) FROM (/* columns sending */);

-- name: page_failed
SELECT /* columns delivery */, x'' FROM (/* columns failed */) /* columns asked_for */;

-- name: reach_failed
SELECT count(*), min(place) FROM (/* columns failed */);

-- name: page_waiting
SELECT /* columns delivery */, x'' FROM (/* columns waiting */) /* columns asked_for */;

-- name: reach_waiting
SELECT count(*), min(place) FROM (/* columns waiting */);

-- name: page_of_tenant
SELECT /* columns delivery */, x'' FROM (/* columns of_tenant */) /* columns asked_for */;

-- name: reach_of_tenant
SELECT count(*), min(place) FROM (/* columns of_tenant */);

-- name: page_of_tenant_pending
SELECT /* columns delivery */, x'' FROM (/* columns of_tenant_pending */) /* columns asked_for */;

-- name: reach_of_tenant_pending
SELECT count(*), min(place) FROM (/* columns of_tenant_pending */);

-- name: page_of_tenant_held
SELECT /* columns delivery */, x'' FROM (/* columns of_tenant_held */) /* columns asked_for */;

-- name: reach_of_tenant_held
SELECT count(*), min(place) FROM (/* columns of_tenant_held */);

-- name: page_of_tenant_failed
SELECT /* columns delivery */, x'' FROM (/* columns of_tenant_failed */) /* columns asked_for */;

-- name: reach_of_tenant_failed
SELECT count(*), min(place) FROM (/* columns of_tenant_failed */);
