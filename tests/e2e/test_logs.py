"""Logs through the whole product: as fast as they come, from the first line on, whatever bytes they are."""

import json

import pytest

from support_product import Product, eventually

pytestmark = pytest.mark.e2e

LINES = 60_000
FLOOD = f"""
[services.flood]
command = ["@python@", "-c", '''
import sys
for number in range({LINES}):
    print("line", number)
sys.stdout.flush()
sys.stdout.buffer.write(b"x" * 10_000_000 + b"\\n\\xff\\x00 odd\\n10%\\r50%\\r100%\\nno end")
''']
one_shot = true
"""


def test_a_flood_is_kept_whole(product: Product) -> None:
    """Sixty thousand lines at once, a line of 10 MB, odd bytes, a progress bar, an end without a line feed."""
    product.write(FLOOD)
    product.run("up", "-d", "--wait")

    lines = eventually(lambda: whole(product.run("logs", "flood", "--no-prefix").stdout.splitlines()))

    assert lines[:LINES] == [f"line {number}" for number in range(LINES)]
    long, odd, progress, end = lines[LINES : LINES + 4]
    assert long.startswith("xxxx")
    assert "more bytes" in long
    assert (odd, progress, end) == ("\ufffd\u2400 odd", "100%", "no end")
    log = product.root / ".meshdev" / "runs" / product.lock()["run_id"] / "logs" / "flood"
    assert sum(file.read_bytes().count(b"x") for file in log.glob("*.log")) == 10_000_000


def whole(lines: list[str]) -> list[str]:
    """The lines once the last one is there."""
    return lines if "no end" in lines else []


def test_early_lines_and_the_last_run_can_be_read(product: Product) -> None:
    """What a service says in its first millisecond is there, and still is when the system is down; also as JSON."""
    product.write('[services.brief]\ncommand = "echo first"\none_shot = true\n')
    product.run("up", "-d", "--wait")
    product.run("down")

    (line,) = map(json.loads, product.run("logs", "brief", "--json", "--grep", "first").stdout.splitlines())

    assert (line["service"], line["instance"], line["generation"], line["text"]) == (
        "brief",
        "brief-0",
        1,
        "first",
    )
