# Fifty children, each in its own session, each ignoring SIGTERM; their parent ends, the leader stays until SIGTERM.
{
    i=0
    while [ $i -lt 50 ]; do
        setsid sh -c 'trap "" TERM; echo up; exec >&-; sleep 1000; sleep 1000' "$1" &
        i=$((i + 1))
    done
} | head -n 50 >/dev/null
echo ready
exec sleep 1000
