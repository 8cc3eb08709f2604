-- Tokens, and who changed what.

-- columns: token
-- In the order in which the codec reads them.
key, tail, name, digest, scopes, tenant, created_at, created_by, expires_at, revoked_at, replaced_by, last_used_at,
  uses

-- columns: entry
-- In the order in which the codec reads them.
key, tail, at, principal, action, target, tenant, peer, request_id, details

-- name: any_token
SELECT 1 FROM token LIMIT 1;

-- name: put_token
-- One that is there keeps its use. Another id with the same key, as another token with the same digest, is refused: the
-- tail of a row cannot become NULL.
INSERT INTO token (
  key, tail, name, digest, scopes, tenant, created_at, created_by, expires_at, revoked_at, replaced_by)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE
SET tail = CASE token.tail WHEN excluded.tail THEN token.tail END, name = excluded.name, digest = excluded.digest,
    scopes = excluded.scopes, tenant = excluded.tenant, created_at = excluded.created_at,
    created_by = excluded.created_by, expires_at = excluded.expires_at, revoked_at = excluded.revoked_at,
    replaced_by = excluded.replaced_by;

-- name: touch_token
UPDATE token SET uses = uses + ?1, last_used_at = max(coalesce(last_used_at, ?2), ?2)
WHERE key = ?3 AND tail = ?4;

-- name: tokens
SELECT /* columns token */ FROM token ORDER BY key;

-- name: append_audit
INSERT INTO audit_log (/* columns entry */)
VALUES /* each , */ (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) /* end */;

-- name: forget_audit
-- The parameters are the first key to keep and the limit.
DELETE FROM audit_log WHERE key IN (SELECT key FROM audit_log WHERE key < ? ORDER BY key LIMIT ?);

-- name: forget_tokens
-- Those that were over before a time, by whichever end came first; the newest stays.
DELETE FROM token WHERE key IN (
  SELECT key FROM token INDEXED BY token_over
  WHERE coalesce(min(expires_at, revoked_at), expires_at, revoked_at) < ?
    AND key < (SELECT max(key) FROM token)
  ORDER BY coalesce(min(expires_at, revoked_at), expires_at, revoked_at), key LIMIT ?);
