# A grandchild in a session of its own, ignoring SIGTERM, that holds the output pipes; the leader stays.
setsid sh -c 'trap "" TERM; echo ready; while :; do sleep 0.2; done' "$1" &
wait
