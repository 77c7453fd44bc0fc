"""``python -m notifications`` serves the inbox on ``$PORT``."""

from notifications.api import build
from shopkit.serving import serve

serve("notifications", build)
