"""``python -m inventory`` serves the inventory on ``$PORT``."""

from inventory.api import build
from shopkit.serving import serve

serve("inventory", build)
