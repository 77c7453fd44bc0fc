"""``python -m carts`` serves the carts on ``$PORT``."""

from carts.api import build
from shopkit.serving import serve

serve("carts", build)
