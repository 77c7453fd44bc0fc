"""What stands around the two: an nginx behind them, plain and by TLS, certificates, HAProxy's configuration."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.mesh.proxies.base import OTHER_CORE, child, free_ports, program
from meshdev.identity.authority import issue, new_authority

ABOUT: Final = """`python -m benchmarks tls`: one mesh worker and HAProxy {haproxy} (one thread), on the same core, in
turns; nginx behind both, wrk {wrk} before them with 16 connections for 2 s each, 66 bytes an answer, P-256
certificates, TLS 1.3 without resumption. {machine}.

*CPU* is what the proxy's process was accounted; meshdev also reads, counts, traces and keeps what passes. Connections
to nginx are kept, but where the caller asks to close its own: HAProxy keeps nginx's then, meshdev passes the wish on,
so the third way takes it two handshakes. Ratios are medians of the rounds' ratios.
"""
_NGINX: Final = """worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_requests 1000000000; keepalive_timeout 300;
 client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
 uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
 server {{ listen 127.0.0.1:{plain}; listen 127.0.0.1:{secure} ssl;
  ssl_certificate {certificate}; ssl_certificate_key {key}; ssl_protocols TLSv1.2 TLSv1.3;
  default_type text/plain; location / {{ return 200 "{body}"; }} }} }}
"""
_HEAD: Final = """global
  nbthread 1
  tune.ssl.cachesize 0
  ssl-default-bind-options no-tls-tickets
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
"""


class Files(NamedTuple):
    """In PEM; ``both`` is the certificate and its key."""

    authority: Path
    certificate: Path
    key: Path
    both: Path


class Behind(NamedTuple):
    """The ports of the server behind."""

    plain: int
    secure: int


def certificates(folder: Path) -> Files:
    """An authority and a certificate for localhost."""
    now = datetime.now(UTC)
    authority = new_authority("bench", now)
    pair = issue(authority, ("localhost", "127.0.0.1"), now)
    files = Files(*(folder / name for name in ("ca.pem", "own.pem", "own.key", "both.pem")))
    contents = (authority.certificate, pair.certificate, pair.key, pair.certificate + pair.key)
    for file, content in zip(files, contents, strict=True):
        file.write_bytes(content)
    return files


@contextmanager
def upstream(folder: Path, files: Files) -> Iterator[Behind]:
    """Nginx on the core that is not the proxies'."""
    place = folder / "nginx"
    place.mkdir()
    behind = Behind(*free_ports(2))
    config = place / "nginx.conf"
    config.write_text(
        _NGINX.format(
            folder=place,
            body="0123456789" * 6 + "012345",
            certificate=files.certificate,
            key=files.key,
            **behind._asdict(),
        ),
        "utf-8",
    )
    command = [program("nginx", "apt-get install nginx"), "-c", str(config), "-p", str(place)]
    with child(command, place, [*behind], core=OTHER_CORE, workers=1):
        yield behind


def haproxy(ports: Mapping[str, int], behind: Behind, files: Files) -> str:
    """Its configuration; the ways are those of `command`."""
    bound = {way: "" if way == "plain" else f" ssl crt {files.both} alpn http/1.1" for way in ports}
    verified = f" ssl verify required ca-file {files.authority} sni str(localhost) verifyhost localhost"
    return _HEAD + "".join(
        f"frontend f-{way}\n  bind 127.0.0.1:{port}{bound[way]}\n  default_backend b-{way}\n"
        f"backend b-{way}\n  http-reuse always\n"
        f"  server s 127.0.0.1:{behind.secure if way == 'through' else behind.plain}"
        f"{verified if way == 'through' else ''}\n"
        for way, port in ports.items()
    )
