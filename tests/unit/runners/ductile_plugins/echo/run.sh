#!/usr/bin/env bash
# Protocol 2; jq where there is one, python3 where there is not.
set -euo pipefail

request="$(cat)"

field() { # a dotted path, and what to say when nothing is there
  if [ -z "${NO_JQ:-}" ] && command -v jq >/dev/null 2>&1; then
    printf '%s' "$request" | jq -r --arg d "$2" ".$1 // \$d"
  else
    REQUEST="$request" python3 - "$1" "$2" <<'PY'
import json, os, sys
value = json.loads(os.environ["REQUEST"])
for part in sys.argv[1].split("."):
    value = value.get(part) if isinstance(value, dict) else None
print(sys.argv[2] if value is None else value)
PY
  fi
}

quoted() {
  local text="${1//\\/\\\\}"
  printf '"%s"' "${text//\"/\\\"}"
}

command_name="$(field command poll)"
case "$command_name" in
  poll)
    message="$(field config.message 'hello')"
    printf '{"status":"ok","result":"echoed","events":[{"type":"echo.poll","payload":{"message":%s}}],' "$(quoted "$message")"
    printf '"state_updates":{"last_message":%s},"logs":[{"level":"info","message":"poll"}]}\n' "$(quoted "$message")"
    ;;
  handle)
    kind="$(field event.type none)"
    message="$(field event.payload.message 'nothing')"
    printf '{"status":"ok","result":%s,' "$(quoted "$kind: $message")"
    printf '"events":[{"type":"echo.handled","payload":{"message":%s,"result":"mine"},"dedupe_key":"one"}]}\n' "$(quoted "$message")"
    ;;
  health)
    printf '{"status":"ok","result":"healthy","state_updates":{"last_health":"now"}}\n'
    ;;
  *)
    printf '{"status":"error","error":%s,"retry":false}\n' "$(quoted "unknown command: $command_name")"
    ;;
esac
