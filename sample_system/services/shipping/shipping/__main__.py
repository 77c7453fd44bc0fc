"""``python -m shipping`` serves shipping on ``$PORT``."""

from shipping.api import build
from shopkit.serving import serve

serve("shipping", build)
