#!/bin/sh
# Starts the Node service; where node is missing, says so and lets a stand-in answer "nothing to recommend".
if command -v node >/dev/null 2>&1; then
  exec node server.mjs
fi
printf '%s\n' '{"level": "warn", "service": "recommendations", "msg": "node is not installed: recommendations are skipped, a stand-in recommends nothing (install node 18 or newer to see them)"}'
exec python stand_in.py
