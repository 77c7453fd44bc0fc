"""The small server that speaks MongoDB's protocol (`support_mongodb`), on $PORT."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from support_mongodb import serve

serve(int(os.environ["PORT"]))
