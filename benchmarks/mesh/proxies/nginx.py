"""nginx (Debian): as a proxy that is compared, and as the upstream of all."""

import subprocess
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from benchmarks.mesh.proxies.base import (
    MOST_CONNECTIONS,
    OTHER_CORE,
    Kind,
    Proxy,
    Route,
    Running,
    child,
    free_ports,
    program,
)

BODY: Final = b"0123456789" * 6 + b"012345"  # 66 bytes
BULK_BYTES: Final = 8 << 20
BULK_PATH: Final = "/bulk"
_REMEDY: Final = "apt-get install nginx libnginx-mod-stream"
_STREAM: Final = Path("/usr/lib/nginx/modules/ngx_stream_module.so")
_HEAD: Final = """worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections {connections}; }}
"""
_HTTP: Final = """http {{ access_log off; keepalive_requests 1000000000; keepalive_timeout 300; sendfile on;
 client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
 uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
{servers}
}}
"""
_FORWARD: Final = """ upstream u{n} {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 1000000000; }}
 server {{ listen 127.0.0.1:{port} backlog=4096; location / {{
  proxy_pass http://u{n}; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_max_temp_file_size 0; }} }}
"""
_RELAY: Final = "server {{ listen 127.0.0.1:{port} backlog=4096; proxy_pass 127.0.0.1:{upstream}; }}\n"
_UPSTREAM: Final = """ server {{ listen 127.0.0.1:{port} backlog=4096; default_type text/plain;
  location {bulk} {{ root {folder}/files; }} location / {{ return 200 "{body}"; }} }}
"""


class Nginx(Proxy):
    """Response buffering stays on, as in its defaults; nothing goes to disk."""

    name = "nginx"

    def version(self) -> str:
        """As it says itself."""
        command = [program("nginx", _REMEDY), "-v"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
        return said.strip().rpartition("/")[2]

    def serving(self, folder: Path, routes: Sequence[Route]) -> AbstractContextManager[Running]:
        """HTTP routes as servers with an upstream block each, TCP ones in the stream module where that is installed."""
        ports = free_ports(len(routes))
        served = list(enumerate(zip(ports, routes, strict=True)))
        if not _STREAM.exists() and any(route.kind is Kind.TCP for route in routes):
            served = [one for one in served if one[1][1].kind is Kind.HTTP]
        http, tcp = (
            "".join(
                text.format(n=n, port=port, upstream=route.upstream)
                for n, (port, route) in served
                if route.kind is kind
            )
            for kind, text in ((Kind.HTTP, _FORWARD), (Kind.TCP, _RELAY))
        )
        text = f"load_module {_STREAM};\n" if tcp else ""
        text += _HEAD.format(folder=folder, connections=2 * MOST_CONNECTIONS)
        text += _HTTP.format(folder=folder, servers=http)
        text += f"stream {{\n{tcp}}}\n" if tcp else ""
        # the ports are open before the worker that will serve them is there
        return child(_command(folder, text), folder, [port for _, (port, _) in served], workers=1)


def upstream(folder: Path) -> AbstractContextManager[Running]:
    """The server behind every proxy: 66 bytes at any path, `BULK_BYTES` at `BULK_PATH`."""
    ports = free_ports(1)
    (folder / "files").mkdir()
    with (folder / "files" / BULK_PATH.lstrip("/")).open("wb") as file:
        file.write(bytes(range(256)) * (BULK_BYTES // 256))
    server = _UPSTREAM.format(port=ports[0], bulk=BULK_PATH, folder=folder, body=BODY.decode())
    text = _HEAD.format(folder=folder, connections=2 * MOST_CONNECTIONS)
    text += _HTTP.format(folder=folder, servers=server)
    return child(_command(folder, text), folder, ports, core=OTHER_CORE)


def _command(folder: Path, text: str) -> list[str]:
    config = folder / "nginx.conf"
    config.write_text(f"user {_user()};\n" + text, "utf-8")
    return [program("nginx", _REMEDY), "-c", str(config), "-p", str(folder)]


def _user() -> str:
    return subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
