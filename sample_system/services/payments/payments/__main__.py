"""``python -m payments`` serves the payments on ``$PORT``."""

from payments.api import build
from shopkit.serving import serve

serve("payments", build)
