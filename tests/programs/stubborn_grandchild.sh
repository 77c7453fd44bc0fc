# A leader that ends on SIGTERM and leaves a grandchild in its group that ignores it.
sh -c 'trap "" TERM HUP INT; echo ready; while :; do sleep 0.2; done' "$1" &
wait
