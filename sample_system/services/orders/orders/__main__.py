"""``python -m orders`` serves the orders on ``$PORT``."""

from orders.api import build
from shopkit.serving import serve

serve("orders", build)
