#!/usr/bin/env bash
set -o pipefail
request="$(cat)"
command_val="$(printf '%s' "$request" | jq -r '.command // "poll"' 2>/dev/null)"
emit_ok()  { jq -n --arg r "$1" '{status:"ok",result:$r,events:[],logs:[{level:"info",message:$r}]}'; }
emit_err() { jq -n --arg e "$1" '{status:"error",error:$e,logs:[{level:"error",message:$e}]}'; }
case "$command_val" in
  poll) echo "rest-server: 3 files" >&2; emit_ok "backup ok"; exit 3 ;;
  init) emit_err "no credentials"; exit 78 ;;
  verify) echo "no configuration at all" >&2; exit 78 ;;
esac
