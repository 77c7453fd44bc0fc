"""``python -m order_history`` serves the history on ``$PORT``; ``… rebuild`` builds it anew and says what came out."""

import asyncio
import json
import sys

from order_history.api import build
from order_history.history import History
from order_history.replay import Replay
from shopkit import logs
from shopkit.broker import Broker
from shopkit.database import location
from shopkit.serving import serve


def rebuild() -> None:
    """Build the model from the first event on, beside the one that is served, then put it in its place."""
    logs.configure("order-history")
    history = History(location("order-history"))
    summary = asyncio.run(Replay(history, Broker("order-history")).rebuild())
    history.close()
    sys.stdout.write(json.dumps(summary) + "\n")


if sys.argv[1:] == ["rebuild"]:
    rebuild()
elif sys.argv[1:]:
    sys.exit("usage: python -m order_history [rebuild]")
else:
    serve("order-history", build)
