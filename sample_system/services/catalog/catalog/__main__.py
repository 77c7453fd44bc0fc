"""``python -m catalog`` serves the catalog on ``$PORT``."""

from catalog.api import build
from shopkit.serving import serve

serve("catalog", build)
