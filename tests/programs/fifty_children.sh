# Fifty children, each in its own session, each ignoring SIGTERM.
i=0
while [ $i -lt 50 ]; do
    setsid sh -c 'trap "" TERM; sleep 1000; sleep 1000' "$1" &
    i=$((i + 1))
done
echo ready
wait
