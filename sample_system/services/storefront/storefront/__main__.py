"""``python -m storefront`` serves the pages on ``$PORT``."""

from shopkit.serving import serve
from storefront.app import build

serve("storefront", build)
