"""HAR: what foreign readers say of it, what comes back, and what browsers write."""

import json
import shutil
import subprocess
from typing import Any

import pytest
from haralyzer import HarParser
from hypothesis import given, settings
from msgspec.structs import replace

from meshdev.errors import RecordingError
from meshdev.recording.formats import export, import_
from meshdev.recording.model import Body, Cut, Exchange, Message, MessageKind, Response
from support_exchanges import JSON, PNG, STARTED, call, full_exchanges, recording
from support_npm import missing, npm_package

VALIDATE = """
const validate = require(process.argv[1]);
validate.har(JSON.parse(require('fs').readFileSync(0, 'utf8')))
  .then(() => console.log('valid')).catch(e => { console.log(JSON.stringify(e.errors)); process.exit(1) });
"""


def everything() -> tuple[Exchange, ...]:
    """Calls with all that a HAR has a word for."""
    shopping = {"cookie": "session=abc; theme=dark", "authorization": "Bearer x"}
    page = {"content-type": "text/html; charset=iso-8859-1", "content-encoding": "gzip"}
    cookies = (
        ("set-cookie", "session=d; Path=/; HttpOnly; Secure; Expires=Wed, 21 Oct 2026 07:28:00 GMT"),
        ("set-cookie", "b=2; Expires=soon; Odd"),
    )
    plain = call("GET", "/search?q=green+tea&q=%C3%A9", answer={"hits": 2}, headers=shopping)
    form = call("POST", "/cart", b"sku=tea&quantity=2", answer="", status=303,
                answered=(*cookies, ("location", "/cart")),
                headers={"content-type": "application/x-www-form-urlencoded"})  # fmt: skip
    coded = call("GET", "/", answer="caf\xe9".encode("latin-1"), answered=page)
    assert coded.response is not None
    coded = replace(coded, response=replace(coded.response, body=Body(b"caf\xe9", 4, "gzip")))
    return (
        plain,
        form,
        coded,
        call("PUT", "/picture", PNG, answer=PNG, answered={"content-type": "image/png"}),
        replace(call("GET", "/broken"), response=None, error="callee-reset"),
        replace(
            call("GET", "/live", status=101, answered={"upgrade": "websocket"}),
            messages=(
                Message(100, outgoing=True, kind=MessageKind.TEXT, data=b"hello"),
                Message(2_000, outgoing=False, kind=MessageKind.BINARY, data=b"\x00\xff"),
                Message(9_000, outgoing=False, kind=MessageKind.CLOSE, data=b"\x03\xe8"),
            ),
        ),
    )


def test_har_validator_finds_nothing_wrong() -> None:
    """The reference schema takes a recording with everything in it."""
    node = shutil.which("node")
    if node is None:
        missing("no node here, which runs har-validator")
    package = npm_package("har-validator")
    har = export(recording(*everything()), "har")["checkout.har"]

    done = subprocess.run(
        [str(node), "-e", VALIDATE, str(package)], input=har, capture_output=True, check=False
    )

    assert (done.returncode, done.stdout.decode().strip()) == (0, "valid"), done.stderr.decode()


def test_haralyzer_reads_the_calls() -> None:
    """Another reader sees methods, addresses, headers, texts and times."""
    har = json.loads(export(recording(*everything()), "har")["checkout.har"])

    parser = HarParser(har)
    entries = [entry for page in parser.pages for entry in page.entries]

    assert parser.creator["name"] == "meshdev"
    assert [entry.request.method for entry in entries] == ["GET", "POST", "GET", "PUT", "GET", "GET"]
    first = entries[0]
    assert first.request.url == "http://storefront/search?q=green+tea&q=%C3%A9"
    assert first.request.get_header_value("authorization") == "Bearer x"
    assert json.loads(first.response.text) == {"hits": 2}
    assert first.startTime.timestamp() == STARTED
    assert first.time == 12.345
    assert first.timings == {"send": 0.1, "wait": 12.0, "receive": 0.245}
    assert [cookie["name"] for cookie in entries[1].response.raw_entry["cookies"]] == ["session", "b"]
    assert entries[3].response.textEncoding == "base64"


def test_websocket_messages_stand_as_chrome_writes_them() -> None:
    """Direction, seconds since the epoch, opcode; binary as base64."""
    har = json.loads(export(recording(*everything()), "har")["checkout.har"])

    frames = har["log"]["entries"][-1]["_webSocketMessages"]

    assert [{key: frame[key] for key in ("type", "opcode", "data")} for frame in frames] == [
        {"type": "send", "opcode": 1, "data": "hello"},
        {"type": "receive", "opcode": 2, "data": "AP8="},
        {"type": "receive", "opcode": 8, "data": "A+g="},
    ]
    assert frames[0]["time"] == pytest.approx(STARTED + 0.0001)


@settings(deadline=None)
@given(full_exchanges())
def test_nothing_is_lost_on_the_way_out_and_back(exchange: Exchange) -> None:
    """Our own HAR holds the whole exchange."""
    files = export(recording(exchange), "har")

    assert import_(files, "har", "checkout").exchanges == (exchange,)


def entry(url: str = "https://api.example.com:8443/v1?a=1", **more: Any) -> dict[str, Any]:
    """An entry as small as they come."""
    request = {"method": "GET", "url": url, "headers": [], **more.pop("request", {})}
    response = {"status": 200, "headers": [], "content": {"size": 0}, **more.pop("response", {})}
    return {
        "startedDateTime": "2026-10-01T12:00:00.5+02:00",
        "request": request,
        "response": response,
        **more,
    }


def read(*entries: dict[str, Any]) -> tuple[Exchange, ...]:
    """Through the import."""
    return import_({"a.har": json.dumps({"log": {"entries": entries}}).encode()}, "har").exchanges


def test_a_chrome_call_over_http2() -> None:
    """Pseudo headers go, Host is made of them; the decoded body keeps its coding."""
    pseudo = [{"name": ":method", "value": "GET"}, {"name": ":authority", "value": "api.example.com:8443"}]
    answer = {
        "httpVersion": "http/2.0",
        "headers": [
            {"name": "content-encoding", "value": "br"},
            {"name": "content-type", "value": "text/plain"},
        ],
        "content": {"size": 5, "mimeType": "text/plain", "text": "aGVsbG8=", "encoding": "base64"},
    }

    (exchange,) = read(
        entry(request={"headers": [*pseudo, {"name": "accept", "value": "*/*"}]}, response=answer, time=12.5,
              timings={"blocked": 1.2, "dns": -1, "send": 0.25, "wait": 10, "receive": 2.5, "_queued": 3})
    )  # fmt: skip

    assert (exchange.callee, exchange.request.target) == ("api.example.com", "/v1?a=1")
    assert exchange.request.headers == (("host", "api.example.com:8443"), ("accept", "*/*"))
    assert exchange.response is not None
    assert exchange.response.body == Body(b"hello", 5, "br")
    assert exchange.started == 1_790_848_800.5
    assert (exchange.timing.send, exchange.timing.wait, exchange.microseconds) == (250, 10_000, 12_500)


def test_what_browsers_leave_out_is_marked() -> None:
    """A body that is not in the file is cut; an answer of status 0 is none; pages of the browser are left out."""
    files = {
        "a.har": json.dumps(
            {
                "log": {
                    "entries": [
                        entry(response={"content": {"size": 900, "mimeType": "image/png"}}),
                        entry(response={"status": 304, "content": {"size": 900}}),
                        entry(response={"status": 0, "statusText": None, "_error": "net::ERR_FAILED"}),
                        entry("data:image/png;base64,AAAA"),
                        entry("http://localhost:3000/x#part"),
                    ]
                }
            }
        ).encode("utf-8-sig")
    }

    found = import_(files, "har")

    missing_body, unchanged, failed, local = found.exchanges
    assert missing_body.response is not None
    assert missing_body.response.body == Body(b"", 900, "", Cut.CAP)
    assert isinstance(unchanged.response, Response)
    assert unchanged.response.body == Body()
    assert (failed.response, failed.error) == (None, "net::ERR_FAILED")
    assert (local.callee, local.request.target) == ("localhost:3000", "/x")
    assert found.notes == (
        "$.log.entries[0]: the answer's body is not in the file",
        "$.log.entries[3]: left out, not a call over HTTP: data:image/png;base64,AAAA",
    )


def test_firefox_forms_are_encoded_again() -> None:
    """Parameters without a text become a body; charsets of texts are honoured."""
    form = {
        "mimeType": "application/x-www-form-urlencoded",
        "params": [{"name": "a b", "value": "\xe9"}],
        "text": "",
    }
    latin = {"content": {"size": 1, "mimeType": "text/html; charset=iso-8859-1", "text": "\xe9"}}

    (exchange,) = read(entry(request={"method": "post", "postData": form}, response=latin))

    assert (exchange.request.method, exchange.request.body.data) == ("POST", b"a+b=%C3%A9")
    assert exchange.response is not None
    assert exchange.response.body.data == b"\xe9"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a.har: not JSON: Input data was truncated"),
        (b"\xff\xfe", "a.har: not JSON"),
        (b'{"log": {"entries": ' + b"[" * 100_000, "a.har: Expected `object`, got `array`"),
        (b"{}", "a.har: Object missing required field `log`"),
        (json.dumps({"log": {"entries": [{**entry(), "startedDateTime": "noon"}]}}).encode(),
         "a.har: Invalid isoformat string: 'noon' - at `$.log.entries[0].startedDateTime`"),
        (json.dumps({"log": {"entries": [entry(response={"status": "ok"})]}}).encode(),
         "a.har: Expected `float | null`, got `str` - at `$.log.entries[0].response.status`"),
        (json.dumps({"log": {"entries": [entry(response={"content": {"text": "!", "encoding": "base64"}})]}}).encode(),
         "a.har: not base64 - at `$.log.entries[0].response.content.text`"),
    ],
)  # fmt: skip
def test_what_is_no_har_is_refused_with_its_place(content: bytes, message: str) -> None:
    """File, what was expected, and where."""
    with pytest.raises(RecordingError) as raised:
        import_({"a.har": content}, "har")

    assert message in str(raised.value)


def test_one_file_is_one_har() -> None:
    """A folder of them is not guessed at."""
    with pytest.raises(RecordingError, match="a HAR is one file, and not 2"):
        import_({"a.har": b"", "b.har": b""}, "har")


def test_addresses_can_be_given() -> None:
    """A base URL of a service replaces its name; what may not stand in a URL is encoded, and comes back."""
    odd = call("GET", "/a b|\xe9?x={1}%", headers=JSON)

    har = json.loads(export(recording(odd), "har")["checkout.har"])

    assert har["log"]["entries"][0]["request"]["url"] == "http://storefront/a%20b%7C%E9?x=%7B1%7D%25"


def test_frames_that_are_no_messages_are_left_out() -> None:
    """A browser's marks of errors; text beyond the charset is UTF-8; a frame of bytes has to be base64."""
    frames = [{"type": "error", "time": 0, "opcode": -1, "data": "x"},
              {"type": "send", "time": 1_790_848_801.5, "opcode": 1, "data": "hi"}]  # fmt: skip
    odd = {"content": {"size": 1, "mimeType": "text/html; charset=ascii", "text": "\xe9"}}

    (exchange,) = read(entry(response=odd, _webSocketMessages=frames))

    assert exchange.messages == (Message(1_000_000, outgoing=True, kind=MessageKind.TEXT, data=b"hi"),)
    assert exchange.response is not None
    assert exchange.response.body.data == "\xe9".encode()
    with pytest.raises(RecordingError, match="not base64"):
        read(entry(_webSocketMessages=[{**frames[1], "opcode": 2, "data": "!"}]))
