"""``python -m shoppers`` lets the crowd in; ``GET /stats`` on ``$PORT`` says what it did."""

from shopkit.serving import serve
from shoppers.app import build

serve("shoppers", build)
