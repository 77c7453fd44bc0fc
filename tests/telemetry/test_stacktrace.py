"""Stack traces as programs of many languages write them."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.telemetry.stacktrace import MOST, Joiner, Place, culprit, entries, places, summary

PYTHON = """\
Traceback (most recent call last):
  File "/app/orders/saga.py", line 48, in charge
    answer.raise_for_status()
  File "/venv/lib/python3.12/site-packages/httpx/_models.py", line 829, in raise_for_status
    raise HTTPStatusError(message, request=request, response=self)
httpx.HTTPStatusError: Client error '402 Payment Required'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/app/orders/app.py", line 12, in place
    await saga.charge(order)
orders.saga.Declined: card expired"""

GROUP = """\
  + Exception Group Traceback (most recent call last):
  |   File "/app/a.py", line 3, in <module>
  |     raise ExceptionGroup("both", [ValueError("a"), KeyError("b")])
  | ExceptionGroup: both (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | ValueError: a
    +---------------- 2 ----------------
    | KeyError: 'b'
    +------------------------------------"""

JVM = """\
2026-11-22 09:41:08 ERROR [main] c.s.Orders - payment failed
java.lang.IllegalStateException: saga broken
\tat com.shop.Orders.pay(Orders.java:71)
\tat com.shop.Main.main(Main.java:12)
\tSuppressed: java.io.IOException: closing
\t\tat com.shop.Conn.close(Conn.java:3)
Caused by: java.net.ConnectException: refused
\tat java.base/sun.nio.ch.Net.connect(Net.java:579)
\t... 2 more"""

NODE = """\
TypeError: Cannot read properties of undefined (reading 'id')
    at charge (/app/src/payments.js:31:17)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5) {
  code: 'E_CARD',
  [cause]: Error: declined
      at gateway (/app/src/gateway.js:9:11)
}"""

GO = """\
panic: runtime error: index out of range [3] with length 3

goroutine 1 [running]:
main.total(...)
\t/app/main.go:12
main.main()
\t/app/main.go:7 +0x1d
exit status 2"""

RUST = """\
thread 'main' panicked at src/main.rs:4:5:
index out of bounds: the len is 3 but the index is 99
stack backtrace:
   0: rust_begin_unwind
             at /rustc/90b35a6/library/std/src/panicking.rs:645:5
   1: shop::main
             at ./src/main.rs:4:5
note: run with `RUST_BACKTRACE=full` for a verbose backtrace."""

DOTNET = """\
Unhandled exception. System.InvalidOperationException: no stock
   at Shop.Inventory.Reserve(String sku) in /app/Inventory.cs:line 22
   at Program.<Main>$(String[] args) in /app/Program.cs:line 3"""

RUBY = """\
app.rb:3:in `charge': declined (RuntimeError)
\tfrom app.rb:7:in `<main>'"""

SAMPLES = {
    "python": (PYTHON, "orders.saga.Declined: card expired", Place("/app/orders/app.py", 12)),
    "group": (GROUP, "ExceptionGroup: both (2 sub-exceptions)", Place("/app/a.py", 3)),
    "node": (NODE, NODE.split("\n", maxsplit=1)[0], Place("/app/src/payments.js", 31)),
    "go": (GO, GO.split("\n", maxsplit=1)[0], Place("/app/main.go", 12)),
    "rust": (
        RUST,
        "index out of bounds: the len is 3 but the index is 99  (thread 'main' panicked at src/main.rs:4:5)",
        Place("src/main.rs", 4),
    ),
    ".net": (DOTNET, DOTNET.split("\n", maxsplit=1)[0], Place("/app/Inventory.cs", 22)),
    "ruby": (RUBY, RUBY.split("\n", maxsplit=1)[0], Place("app.rb", 3)),
}


@pytest.mark.parametrize("language", SAMPLES)
def test_a_trace_is_one_entry(language: str) -> None:
    """Between ordinary lines, whole, with what it comes to and where to look."""
    trace, line, place = SAMPLES[language]
    before, after = "INFO before", "INFO: after"
    found = entries([before, *trace.split("\n"), after])
    assert found == [before, trace, after]
    assert summary(trace) == line
    assert culprit(trace) == place


def test_the_jvm_s_head_is_the_line_that_names_the_exception() -> None:
    """The logger's own line stands alone before it; the root cause is named."""
    head, _, trace = JVM.partition("\n")
    assert entries([*JVM.split("\n"), "next"]) == [head, trace, "next"]
    assert summary(trace) == (
        "java.lang.IllegalStateException: saga broken  Caused by: java.net.ConnectException: refused"
    )
    assert culprit(trace) == Place("Orders.java", 71)


def test_what_this_python_writes_is_one_entry() -> None:
    """The real thing: a chain with a note and a message of several lines."""
    code = (
        "try:\n    {}['x']\nexcept KeyError as error:\n"
        "    raise RuntimeError('broken\\n  in two lines') from error"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    lines = run.stderr.splitlines()
    assert entries(["INFO start", *lines, "INFO end"]) == ["INFO start", "\n".join(lines), "INFO end"]
    assert summary("\n".join(lines)) == "RuntimeError: broken"


def test_ordinary_lines_stand_alone() -> None:
    """Indented text, exceptions without a trace, JSON, and nothing."""
    lines = ["SELECT *", "  FROM orders", "ValueError: only mentioned", "", '{"level":"error"}', "  at", "}"]
    assert entries(lines) == lines


def test_a_trace_that_is_interrupted_ends() -> None:
    """Another logger's line in the middle is no exception."""
    found = entries([*PYTHON.split("\n")[:3], "INFO: another", '{"a":1}'])
    assert len(found) == 3
    assert entries(["Traceback (most recent call last):", "INFO: x"]) == [
        "Traceback (most recent call last):",
        "INFO: x",
    ]


def test_an_entry_is_bounded() -> None:
    """Endless recursion makes several entries."""
    found = entries(["Error: deep", *("    at f (/a.js:1:1)" for _ in range(3 * MOST))])
    assert max(entry.count("\n") + 1 for entry in found) == MOST


@given(st.lists(st.sampled_from([*f"{PYTHON}\n{GROUP}\n{JVM}\n{NODE}\n{GO}\n{RUST}".split("\n"), "x", ""])))
def test_no_line_is_lost_or_moved(lines: list[str]) -> None:
    """Whatever comes: the entries' lines are the lines."""
    found = entries(lines)
    assert "\n".join(found) == "\n".join(lines)
    for entry in found:
        assert summary(entry) or not entry.strip() or "\n" in entry
        culprit(entry)


@given(st.lists(st.text(alphabet=st.sampled_from(' \tatF"ile,()}:1x.'), max_size=12), max_size=30))
def test_any_lines_can_be_asked(lines: list[str]) -> None:
    """No text breaks the joiner, and a first line belongs to nothing."""
    joiner = Joiner()
    answers = [joiner.belongs(line) for line in lines]
    assert not any(answers[:1])


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ('  File "saga.py", line 3, in step', Place("saga.py", 3)),
        ("    at file:///app/x.mjs:3:7", Place("/app/x.mjs", 3)),
        ("orders/saga.py:48: DeprecationWarning: x", Place("orders/saga.py", 48)),
        ("  at pay (C:\\shop\\pay.ts:5:1)", Place("C:\\shop\\pay.ts", 5)),
    ],
)
def test_a_line_names_a_place(line: str, place: Place) -> None:
    """Frames and compilers' messages."""
    assert places(line) == [place]


@pytest.mark.parametrize("line", ["GET http://127.0.0.1:8080/ 200", "12:00:01", json.dumps({"a": "b:1"})])
def test_addresses_and_times_are_no_places(line: str) -> None:
    """A port is no line."""
    assert places(line) == []
