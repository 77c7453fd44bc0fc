"""What a line means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshdev.telemetry.logline import (
    Level,
    Parsed,
    continues,
    ends_trace,
    json_fields,
    level_named,
    level_of,
    logfmt_fields,
    parse,
    trace_id_of,
)


@pytest.mark.parametrize(
    ("line", "level"),
    [
        # plain text, as loggers of many languages write it
        ("ERROR it broke", Level.ERROR),
        ("2026-03-01 12:00:00,123 WARNING orders.saga: slow", Level.WARN),
        ("2026-03-01 12:00:00,123 - orders - DEBUG - step 3", Level.DEBUG),
        ("INFO:     Started server process [12]", Level.INFO),  # uvicorn
        ("WARNING:root:careful", Level.WARN),
        ("[error] 12#0: *1 connect() failed", Level.ERROR),  # nginx
        ("[2026-03-01 12:00:00 +0000] [12] [INFO] Booting worker", Level.INFO),  # gunicorn
        ("2026-03-01T12:00:00.000Z  WARN 12 --- [main] o.s.b.Main : hm", Level.WARN),  # Spring
        ("2026/03/01 12:00:00 [ERR] raft: no leader", Level.ERROR),  # nats, consul
        ("[12] 2026/03/01 12:00:00.000000 [INF] Server is ready", Level.INFO),
        ("2026-03-01 12:00:00.000 UTC [12] LOG:  ready to accept connections", Level.INFO),  # postgres
        ("2026-03-01 12:00:00.000 UTC [12] FATAL:  role does not exist", Level.FATAL),
        ("E0301 12:00:00.000000   12 main.go:3] broken", Level.ERROR),  # glog
        ("W0301 12:00:00.000000   12 main.go:3] careful", Level.WARN),
        ("warn: Microsoft.Hosting[0]", Level.WARN),  # .NET
        ("error: no such file", Level.ERROR),
        ("npm ERR! code E404", Level.ERROR),
        ("\x1b[32mINFO\x1b[0m coloured", Level.INFO),
        ("Traceback (most recent call last):", Level.ERROR),
        ("ValueError: bad", Level.ERROR),
        ("java.lang.IllegalStateException: no", Level.ERROR),
        ("panic: runtime error: index out of range", Level.FATAL),
        ("thread 'main' panicked at src/main.rs:2:5:", Level.ERROR),
        # fields
        ('{"level":"warn","msg":"x"}', Level.WARN),
        ('{"severity":"ERROR","message":"x"}', Level.ERROR),
        ('{"level":50,"msg":"pino"}', Level.ERROR),
        ('{"level":"30","msg":"pino"}', Level.INFO),
        ('{"log":{},"level":{"name":"debug"}}', Level.DEBUG),
        ('{"levelname":"CRITICAL"}', Level.FATAL),
        ('time=2026-03-01T12:00:00Z level=warning msg="slow down"', Level.WARN),
        ("ts=1 lvl=dbug msg=x level=debug", Level.DEBUG),
        # no level
        ("", Level.UNKNOWN),
        ("listening on 127.0.0.1:8080", Level.UNKNOWN),
        ("there was no error in the last run", Level.UNKNOWN),
        ("GET /errors/info 200", Level.UNKNOWN),
        ('{"msg":"no level"}', Level.UNKNOWN),
        ('{"level":true}', Level.UNKNOWN),
        ("{not json ERROR}", Level.UNKNOWN),
        ("x" * 200 + " ERROR far away", Level.UNKNOWN),
        ("terrORINFOrmation", Level.UNKNOWN),
    ],
)
def test_levels(line: str, level: Level) -> None:
    """The level where loggers put it, and none where a sentence only mentions it."""
    assert level_of(line) is level
    assert parse(line).level is level


@pytest.mark.parametrize(
    ("line", "parsed"),
    [
        ("just words", Parsed("just words")),
        (
            '{"time":"12:00","level":"info","message":"paid","amount":3,"trace_id":"abc"}',
            Parsed("paid", Level.INFO, "abc", "json", {"amount": 3, "trace_id": "abc"}),
        ),
        (
            'ts=12:00 level=error msg="it \\"broke\\"" order=7',
            Parsed('it "broke"', Level.ERROR, "", "logfmt", {"order": "7"}),
        ),
        ("retry a=1", Parsed("retry a=1", fields={"a": "1"})),
        (
            "called with 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            Parsed(
                "called with 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                trace_id="4bf92f3577b34da6a3ce929d0e0e4736",
            ),
        ),
        (
            '{"msg":"x","traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}',
            Parsed(
                "x",
                trace_id="4bf92f3577b34da6a3ce929d0e0e4736",
                format="json",
                fields={"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
            ),
        ),
        ('{"a":1}', Parsed('{"a":1}', format="json", fields={"a": 1})),
    ],
)
def test_lines_are_taken_apart(line: str, parsed: Parsed) -> None:
    """Message, level, trace and the other fields."""
    assert parse(line) == parsed


def test_json_is_one_object() -> None:
    """Only an object is a structured line; arrays, numbers, halves and absurd depths are text."""
    assert json_fields(' {"a": 1} ') == {"a": 1}
    for text in ("[1]", "1", '{"a":', "{" * 100_000 + "}" * 100_000, '{"a":' * 5000 + "1" + "}" * 5000):
        assert json_fields(text) is None


def test_logfmt_pairs() -> None:
    """Bare, quoted and empty values."""
    assert logfmt_fields('a=1 b="two words" c= d="say \\"hi\\"" plain http://x?y=z') == {
        "a": "1",
        "b": "two words",
        "c": "",
        "d": 'say "hi"',
    }


@pytest.mark.parametrize(
    "line",
    [
        '  File "saga.py", line 3, in step',
        "\tat com.shop.Orders.pay(Orders.java:7)",
        "    at pay (/app/orders.js:3:7)",
        "Caused by: java.io.IOException: no",
        "... 12 more",
        "goroutine 1 [running]:",
        "Traceback (most recent call last):",
        "During handling of the above exception, another exception occurred:",
    ],
)
def test_frames_belong_to_the_line_before(line: str) -> None:
    """Stack traces of several languages stay with the line that they explain."""
    assert continues(line)


def test_ordinary_lines_stand_alone() -> None:
    """A line of its own begins a new one; only what names an exception can close a traceback."""
    assert not continues("INFO next")
    assert not continues("")
    assert ends_trace("orders.errors.Declined: no money")
    assert ends_trace("KeyboardInterrupt")
    assert not ends_trace("INFO: going on")


def test_levels_by_name() -> None:
    """What people type."""
    assert [level_named(name) for name in ("warn", " WARNING ", "err", "none")] == [
        Level.WARN,
        Level.WARN,
        Level.ERROR,
        None,
    ]


@given(st.text(max_size=300))
def test_any_text_can_be_asked(line: str) -> None:
    """No line breaks the parser, and both ways to the level agree."""
    assert parse(line).level is level_of(line)
    continues(line)


@given(st.text(alphabet=st.sampled_from('{}[]":,=\\ aeilmsgvwn10\x1b'), max_size=60))
def test_lines_that_look_structured_can_be_asked(line: str) -> None:
    """Neither can text that looks like JSON or logfmt."""
    assert parse(line).level is level_of(line)


TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    "line",
    [
        f'{{"msg":"x","trace_id":"{TRACE}"}}',
        f'{{"msg":"x","traceID":"{TRACE.upper()}"}}',
        f'{{"msg":"x","traceparent":"00-{TRACE}-00f067aa0ba902b7-01"}}',
        f'{{"msg":"no field, but {TRACE} in the text"}}',
        f"level=info msg=paid traceId={TRACE}",
        f"paid [{TRACE}] in 3 ms",
        f"\x1b[32mINFO\x1b[0m traceparent: 00-{TRACE}-00f067aa0ba902b7-01",
    ],
)
def test_the_trace_of_a_line(line: str) -> None:
    """In the fields, in a traceparent, or as 32 hexadecimal digits."""
    assert trace_id_of(line) == TRACE


@pytest.mark.parametrize("line", ["", "0" * 32, "a" * 31, "a" * 33, "8a6e0804-2bd0-4672-b79d-d97027f9071a"])
def test_what_is_no_trace(line: str) -> None:
    """Zeros, other lengths, UUIDs."""
    assert trace_id_of(line) == ""
