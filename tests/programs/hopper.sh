# The hopper (see hopper.py), started by a leader that ends.
echo ready
exec python3 -S -E "$(dirname "$0")/hopper.py" "$1"
