-- What plugins keep. A deleted key has no value, and its version stays.

-- name: known_states
-- What these keys hold.
WITH given (plugin, key) AS (VALUES /* each , */ (?, ?) /* end */)
SELECT known.plugin, known.key, known.version, known.value IS NOT NULL
FROM given CROSS JOIN plugin_state AS known
WHERE known.plugin = given.plugin AND known.key = given.key;

-- name: put_states
-- Whatever is there; of two rows of one key the later one stays.
INSERT INTO plugin_state (plugin, key, version, value)
VALUES /* each , */ (?, ?, 1, ?) /* end */
ON CONFLICT (plugin, key) DO UPDATE SET version = plugin_state.version + 1, value = excluded.value;

-- name: state
SELECT key, value, version FROM plugin_state WHERE plugin = ? AND key = ? AND value IS NOT NULL;

-- name: states
-- The parameters are the plugin, the beginning of the keys, the first key after those that begin so, or an empty blob,
-- which is greater than any text, the last key that is known, and the limit.
SELECT key, value, version FROM plugin_state
WHERE plugin = ?1 AND key >= ?2 AND key < ?3 AND key > ?4 AND value IS NOT NULL
ORDER BY key LIMIT ?5;
