#!/usr/bin/env bash
# poll will not be ended; handle leaves a child behind that holds the pipes open.
if [[ "$(cat)" == *'"command":"handle"'* ]]; then
  sleep 300 &
  echo "$! $$" > "$PIDS"
  echo '{"status":"ok","result":"left a child behind"}'
  exit 0
fi
trap '' TERM
(trap '' TERM; sleep 300) &
echo "$! $$" > "$PIDS"
echo '{"status":"ok",'
while :; do sleep 300; done
