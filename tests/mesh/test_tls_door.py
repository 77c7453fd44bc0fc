"""Edges that terminate TLS, through a real worker: who is let in, what is spoken, what is told; real peers."""

import asyncio
import contextlib
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import websockets

from meshdev.wire.mesh import EdgeError, EdgeKey, EdgePolicy, Exchange
from support_asgi import asgi_server, tls_server
from support_http_edge import Seen, http_peer, read_response
from support_mesh import EDGE, dial, fleet_of, peer, until
from support_tls import Issued, issued, speaking, trusting
from support_tls_edge import edge_of, secure, tls_of, to

UNTRUSTED = 60  # curl's word for it
GET = b"GET /orders HTTP/1.1\r\nHost: payments\r\n\r\n"


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Issued:
    """The local authority and the certificate of payments."""
    return issued(tmp_path_factory.mktemp("tls"))


async def curl(url: str, authority: Path, *more: str) -> int:
    """How it ends."""
    arguments = ("-s", "-o", "/dev/null", "--noproxy", "*", "--cacert", str(authority), *more, url)
    return await (await asyncio.create_subprocess_exec("curl", *arguments)).wait()


def client(ours: Issued, *, http2: bool) -> httpx.AsyncClient:
    """One that people use."""
    return httpx.AsyncClient(verify=trusting(ours.authority), http2=http2, trust_env=False, timeout=10)


@pytest.mark.parametrize(
    ("server", "wishes", "spoken"),
    [("h2", True, "HTTP/2"), ("h2", False, "HTTP/1.1"), ("http/1.1", True, "HTTP/1.1")],
)
async def test_the_callee_chooses_what_is_spoken(
    tmp_path: Path, ours: Issued, server: str, spoken: str, *, wishes: bool
) -> None:
    """Whoever may speak HTTP/2 does, if the callee does; each request is told either way."""
    told: list[tuple[EdgeKey, Exchange, float]] = []
    said: list[str] = []
    async with (
        tls_server(server, ours.certificate) as upstream,
        edge_of(tmp_path, to(upstream, tls_of(ours)), said=said, exchanges=told) as (fleet, port),
        client(ours, http2=wishes) as http,
    ):
        for _ in range(3):
            answer = await http.get(f"https://localhost:{port}/text")
            assert (answer.status_code, answer.http_version) == (200, spoken)
        big = b"x" * 3_000_000
        assert (await http.post(f"https://localhost:{port}/echo", content=big)).content == big
        await fleet.sync()
    assert [(one.method, one.status) for _, one, _ in told] == [("GET", 200)] * 3 + [("POST", 200)]
    assert {one.protocol for _, one, _ in told} == {"http2" if spoken == "HTTP/2" else ""}
    assert said == []


async def test_requests_are_balanced_over_callees_and_traced(tmp_path: Path, ours: Issued) -> None:
    """What an HTTP edge does for plain callers it does for these: each request in turn, with a traceparent."""
    seen = Seen()
    async with http_peer("a", seen) as first, http_peer("b", seen) as second:
        policy = EdgePolicy((first.upstream, second.upstream), "http", tls=tls_of(ours))
        async with (
            edge_of(tmp_path, policy) as (_, port),
            secure(port, trusting(ours.authority)) as (reader, writer),
        ):
            answers = []
            for _ in range(4):
                writer.write(GET)
                answers.append((await read_response(reader)).body)
    assert sorted(answers) == [b"a", b"a", b"b", b"b"]
    assert all(b"traceparent: " in request for request in seen.requests)


async def test_what_is_said_with_the_handshake_is_heard(tmp_path: Path, ours: Issued) -> None:
    """A caller that pipelines behind its Finished, and closes at once, loses nothing."""
    async with (
        http_peer("far") as far,
        edge_of(tmp_path, to(far.upstream, tls_of(ours), plain=True)) as (_, port),
    ):
        for _ in range(20):
            async with secure(port, trusting(ours.authority)) as (reader, writer):
                writer.write(GET + GET)
                assert (await read_response(reader)).body == b"far"
                assert (await read_response(reader)).body == b"far"


async def test_bytes_pass_both_ways_until_both_have_gone(tmp_path: Path, ours: Issued) -> None:
    """A megabyte through TLS, an edge and TLS; then the end is passed on."""
    async with peer("far", tls=speaking(ours.certificate)) as far:
        async with (
            edge_of(tmp_path, to(far.upstream, tls_of(ours), "memcached")) as (_, port),
            secure(port, trusting(ours.authority)) as (reader, writer),
        ):
            assert await reader.readline() == b"far\n"
            big = bytes(range(256)) * 4096
            writer.write(big)
            assert await reader.readexactly(len(big)) == big
            writer.close()
            await until(lambda: not far.connections)


async def test_callers_may_speak_plain_to_a_callee_by_tls(tmp_path: Path, ours: Issued) -> None:
    """TLS originated by the edge, for HTTP/1 and for HTTP/2 by prior knowledge."""
    async with tls_server("h2", ours.certificate) as upstream:
        policy = to(upstream, tls_of(ours, certificate=""))
        async with edge_of(tmp_path, policy) as (_, port):
            for http1 in (True, False):
                async with httpx.AsyncClient(http1=http1, http2=not http1, trust_env=False) as http:
                    answer = await http.get(f"http://127.0.0.1:{port}/text")
                    assert (answer.status_code, answer.http_version[:6]) == (
                        200,
                        "HTTP/1" if http1 else "HTTP/2",
                    )


async def test_whoever_does_not_trust_is_told_of_once(tmp_path: Path, ours: Issued) -> None:
    """An alert of the caller, a caller that speaks plain: a sentence with the way out, each once, and a count."""
    other = issued(tmp_path, stem="other")
    said: list[str] = []
    async with http_peer("far") as far:
        async with edge_of(tmp_path, to(far.upstream, tls_of(ours), plain=True), said=said) as (fleet, port):
            for _ in range(2):
                with pytest.raises(ssl.SSLCertVerificationError):  # asyncio sends no alert
                    async with secure(port, trusting(other.authority)):
                        pass
            for _ in range(2):
                assert await curl(f"https://localhost:{port}/", other.authority) == UNTRUSTED
            async with dial(port) as (reader, writer):
                writer.write(GET)
                with contextlib.suppress(ConnectionError):
                    assert await reader.read() == b""
            async with dial(port):
                pass  # whoever says nothing meant nothing
            async with secure(port, trusting(ours.authority)) as (reader, writer):
                writer.write(GET)
                assert (await read_response(reader)).status == 200
            await until(lambda: EDGE in fleet.signals() and fleet.signals()[EDGE].closed == 7)
            assert fleet.signals()[EDGE].errors == {EdgeError.TLS: 5}
            await until(lambda: len(said) == 3)
    distrust = f"does not trust it. Have it trust {ours.authority}: meshdev sets SSL_CERT_FILE"
    assert [distrust in sentence for sentence in said] == [True, True, False]
    assert (
        "orders broke off its handshake when it saw the certificate of this edge; maybe it does not"
        in said[0]
    )
    assert "orders says unknown ca to the certificate of this edge: it does not trust it." in said[1]
    assert "orders does not speak TLS, and this edge terminates it: call it by https://" in said[2]


@pytest.mark.parametrize(
    ("names", "wishes", "told"),
    [
        (("localhost",), {}, "certificate is not valid for 'payments'"),
        (
            ("payments",),
            {"verified_by": "other"},
            "unable to get local issuer certificate; its certificate is for payments, by test",
        ),
        (("localhost",), {"server_name": "localhost"}, ""),
        (("whoever",), {"verified_by": "other", "verify": False}, ""),
    ],
)
async def test_a_callee_that_does_not_hold_is_refused_and_told(
    tmp_path: Path, ours: Issued, names: tuple[str, ...], wishes: dict[str, Any], told: str
) -> None:
    """Who it is and who signed it, and the ways out; one is taken: another name, or no verification."""
    theirs = issued(tmp_path, *names, stem="theirs")
    verified_by = ours.authority if wishes.get("verified_by") else theirs.authority
    tls = tls_of(ours, **{**wishes, "verified_by": str(verified_by)})
    said: list[str] = []
    async with tls_server("http/1.1", theirs.certificate) as upstream:
        async with edge_of(tmp_path, to(upstream, tls), said=said) as (_, port):
            async with secure(port, trusting(ours.authority)) as (reader, writer):
                writer.write(GET)
                answer = await read_response(reader)
            if not told:
                assert (answer.status, said) == (404, [])
                return
            assert (answer.status, answer.reason) == (503, "no instance of payments took the request: tls")
            await until(lambda: bool(said))
    [sentence] = said
    assert told in sentence
    assert 'ca = "FILE"' in sentence


async def test_a_callee_whose_certificate_has_expired_is_told(tmp_path: Path, ours: Issued) -> None:
    """And since when."""
    old = issued(tmp_path, stem="old", days_ago=100)
    said: list[str] = []
    async with tls_server("http/1.1", old.certificate) as upstream:
        tls = tls_of(ours, verified_by=str(old.authority))
        async with (
            edge_of(tmp_path, to(upstream, tls), said=said) as (_, port),
            secure(port, trusting(ours.authority)) as (reader, writer),
        ):
            writer.write(GET)
            assert (await read_response(reader)).status == 503
            await until(lambda: bool(said))
    assert "certificate has expired; its certificate is for payments" in said[0]
    assert f"until {datetime.now(UTC) - timedelta(days=10):%Y-%m-%d}" in said[0]


async def test_a_callee_that_speaks_plain_is_told(tmp_path: Path, ours: Issued) -> None:
    """And what to write then."""
    said: list[str] = []
    async with (
        asgi_server("uvicorn-h11") as upstream,
        edge_of(tmp_path, to(upstream, tls_of(ours)), said=said) as (_, port),
        secure(port, trusting(ours.authority)) as (reader, writer),
    ):
        writer.write(GET)
        assert (await read_response(reader)).status == 503
        await until(lambda: bool(said))
    assert 'it does not speak TLS; write upstream = "plain" in its tls' in said[0]


async def test_callers_wait_for_a_callee_that_starts(tmp_path: Path, ours: Issued) -> None:
    """Until it is known what the callee speaks; with nobody in time it is a reset, if stopped a 503."""
    waiting = EdgePolicy((), "http", hold=20.0, tls=tls_of(ours))
    async with fleet_of(tmp_path) as fleet:
        port = fleet.listen(EDGE)
        await fleet.wait_acked(fleet.apply({EDGE: waiting}))
        async with client(ours, http2=True) as http, asyncio.TaskGroup() as group:
            asked = [
                group.create_task(http.get(f"https://localhost:{port}/text")),
            ]
            await until(lambda: EDGE in fleet.signals() and fleet.signals()[EDGE].held > 0)
            async with tls_server("h2", ours.certificate) as upstream:
                fleet.apply({EDGE: to(upstream, tls_of(ours))})
                assert (await asked[0]).http_version == "HTTP/2"
        stopped = msgspec.structs.replace(waiting, hold=0.0)
        await fleet.wait_acked(fleet.apply({EDGE: stopped}))
        async with secure(port, trusting(ours.authority)) as (reader, writer):
            writer.write(GET)
            assert (await read_response(reader)).status == 503
        late = msgspec.structs.replace(waiting, hold=0.1)
        await fleet.wait_acked(fleet.apply({EDGE: late}))
        with pytest.raises(ConnectionError):
            async with secure(port, trusting(ours.authority)):
                pass


async def test_another_certificate_is_shown_from_the_next_handshake_on(tmp_path: Path, ours: Issued) -> None:
    """Renewal: connections stay, new ones see the new certificate."""
    async with http_peer("far") as far:
        async with edge_of(tmp_path, to(far.upstream, tls_of(ours), plain=True)) as (fleet, port):
            async with secure(port, trusting(ours.authority)) as (reader, writer):
                other = issued(tmp_path, stem="other")
                renewed = tls_of(other, stamp="2")
                await fleet.wait_acked(fleet.apply({EDGE: to(far.upstream, renewed, plain=True)}))
                async with secure(port, trusting(other.authority)):
                    pass
                writer.write(GET)
                assert (await read_response(reader)).body == b"far"


async def test_an_upload_that_is_refused_is_answered(tmp_path: Path, ours: Issued) -> None:
    """Our own answer to a caller that still sends is read, though TLS has no half of a close."""
    async with edge_of(tmp_path, EdgePolicy((), "http", hold=0.0, tls=tls_of(ours))) as (_, port):
        async with secure(port, trusting(ours.authority)) as (reader, writer):
            writer.write(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n" + b"x" * 300_000)
            answer = await read_response(reader)
    assert answer.status == 503


async def test_a_name_proxy_leads_into_it(tmp_path: Path, ours: Issued) -> None:
    """What a caller says by TLS in its tunnel to a name ends at that edge: each request is seen, plain ones too."""
    told: list[tuple[EdgeKey, Exchange, float]] = []
    proxy = EdgeKey("orders", "", "proxy")
    async with (
        tls_server("h2", ours.certificate) as upstream,
        fleet_of(tmp_path, exchanges=told) as fleet,
    ):
        port = fleet.listen(proxy)
        fleet.attach(EDGE)
        named = EdgePolicy(protocol="proxy", names={"payments": EDGE})
        await fleet.wait_acked(fleet.apply({proxy: named, EDGE: to(upstream, tls_of(ours))}))
        for http2 in (True, False):
            async with httpx.AsyncClient(
                verify=trusting(ours.authority),
                http2=http2,
                proxy=f"http://127.0.0.1:{port}",
                trust_env=False,
                timeout=10,
            ) as http:
                answers = [await http.get(f"https://payments:443/text?{number}") for number in range(3)]
                assert {one.http_version for one in answers} == {"HTTP/2" if http2 else "HTTP/1.1"}
                if http2:
                    assert (await http.get("http://payments/text?plain")).text == "hello"
        await until(lambda: EDGE in fleet.signals() and fleet.signals()[EDGE].active == 0)
        await until(lambda: len(told) == 7)
    assert {key for key, _, _ in told} == {EDGE}
    assert {one.method for _, one, _ in told} == {"GET"}


async def test_files_that_are_gone_are_told(tmp_path: Path, ours: Issued) -> None:
    """A certificate that cannot be read keeps callers out, an authority that cannot be read keeps the callee out."""
    said: list[str] = []
    gone = str(tmp_path / "gone.pem")
    async with tls_server("http/1.1", ours.certificate) as upstream:
        policy = to(upstream, tls_of(ours, certificate=gone))
        async with edge_of(tmp_path, policy, said=said) as (fleet, port):
            with pytest.raises(OSError):  # noqa: PT011 - how it looks from outside is the system's affair
                async with secure(port, trusting(ours.authority)):
                    pass
            await fleet.wait_acked(fleet.apply({EDGE: to(upstream, tls_of(ours, verified_by=gone))}))
            async with secure(port, trusting(ours.authority)) as (reader, writer):
                writer.write(GET)
                assert (await read_response(reader)).status == 503
            await until(lambda: len(said) == 2)
    assert f"callers cannot be let in: {gone} cannot be read" in said[0]
    assert f"no callee can be verified: {gone} cannot be read" in said[1]


@pytest.mark.parametrize("mode", ["terminate", "originate"])
async def test_websockets_pass(tmp_path: Path, ours: Issued, mode: str) -> None:
    """Both ways, and their messages are counted; an end is passed on."""
    told: list[tuple[EdgeKey, Exchange, float]] = []
    certificate = str(ours.certificate) if mode == "terminate" else ""
    async with tls_server("http/1.1", ours.certificate) as upstream:
        policy = to(upstream, tls_of(ours, certificate=certificate))
        async with edge_of(tmp_path, policy, exchanges=told) as (_, port):
            scheme, context = ("wss", trusting(ours.authority)) if certificate else ("ws", None)
            async with websockets.connect(
                f"{scheme}://localhost:{port}/ws", ssl=context, proxy=None
            ) as socket:
                for number in range(10):
                    await socket.send(f"text {number}")
                    assert await socket.recv() == f"TEXT {number}"
            await until(lambda: bool(told))
    assert (told[0][1].messages_in, told[0][1].messages_out) == (10, 10)


async def test_a_caller_that_goes_while_it_is_let_in_leaves_nothing(tmp_path: Path, ours: Issued) -> None:
    """Many that come and go at every moment of their handshake; then one is served."""
    async with http_peer("far") as far:
        async with edge_of(tmp_path, to(far.upstream, tls_of(ours), plain=True)) as (fleet, port):
            hello, said = ssl.MemoryBIO(), ssl.MemoryBIO()
            with contextlib.suppress(ssl.SSLWantReadError):
                trusting(ours.authority).wrap_bio(hello, said, server_hostname="payments").do_handshake()
            whole = said.read()
            for cut in range(0, len(whole) + 1, 20):
                async with dial(port) as (_, writer):
                    writer.write(whole[:cut])
            async with secure(port, trusting(ours.authority)) as (reader, writer):
                writer.write(GET)
                assert (await read_response(reader)).body == b"far"
            await until(lambda: EDGE in fleet.signals() and fleet.signals()[EDGE].active == 0)


async def test_a_goodbye_is_no_reset(tmp_path: Path, ours: Issued) -> None:
    """Callers that close as soon as they have their answer, an answer that its end ends: nothing is broken."""

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000)
        await writer.drain()

    said: list[str] = []
    async with peer("far", endless, tls=speaking(ours.certificate)) as far:
        async with edge_of(tmp_path, to(far.upstream, tls_of(ours)), said=said) as (fleet, port):
            for _ in range(20):
                assert await curl(f"https://localhost:{port}/", ours.authority) == 0
            await until(lambda: EDGE in fleet.signals() and fleet.signals()[EDGE].closed == 20)
            assert fleet.signals()[EDGE].errors == {}
            assert fleet.signals()[EDGE].total.failures == 0
    async with tls_server("h2", ours.certificate) as upstream:
        async with edge_of(tmp_path, to(upstream, tls_of(ours)), said=said) as (fleet, port):
            for _ in range(20):
                assert await curl(f"https://localhost:{port}/text", ours.authority, "--http2") == 0
            await until(lambda: EDGE in fleet.signals() and fleet.signals()[EDGE].closed == 20)
            # what the callee still says when curl has closed already is answered by a reset, as without TLS
            assert set(fleet.signals()[EDGE].errors) <= {EdgeError.CALLER_RESET}
            assert fleet.signals()[EDGE].total.failures == 0
    assert said == []
