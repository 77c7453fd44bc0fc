# A leader that ignores every polite signal.
trap '' TERM HUP INT
echo ready
while :; do sleep 0.2 || :; done
