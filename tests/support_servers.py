"""Real servers of all kinds with the same pages: those of `support_asgi`, Node's own, and nginx as far as it can."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from meshdev.wire.mesh import Upstream
from support_asgi import SERVERS as ASGI
from support_asgi import asgi_server
from support_mesh import free_port

NODE = "node"
NGINX = "nginx"
ALL = (*ASGI, NODE, NGINX)
DYNAMIC = (*ASGI, NODE)  # those that can answer with what they were sent

_NODE_SERVER = """
const http = require('http'), crypto = require('crypto');
let release = () => {};
const server = http.createServer((request, response) => {
  switch (request.url) {
    case '/text': response.setHeader('content-type', 'text/plain'); response.end('hello'); break;
    case '/echo': request.pipe(response); break;
    case '/release': release(); response.writeHead(204).end(); break;
    case '/events':
      response.writeHead(200, {'content-type': 'text/event-stream'});
      response.write('data: first\\n\\n');
      release = () => response.end('data: second\\n\\n');
      break;
    case '/hints':
      response.writeEarlyHints({link: '</style.css>; rel=preload'}, () => response.end('hinted'));
      break;
    case '/trailers':
      response.writeHead(200, {trailer: 'x-sum'});
      response.write('body');
      response.addTrailers({'x-sum': '4'});
      response.end();
      break;
    default: response.writeHead(404).end();
  }
});
server.on('upgrade', (request, socket) => {  // short texts come back in capitals
  const key = request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n' +
    'Sec-WebSocket-Accept: ' + crypto.createHash('sha1').update(key).digest('base64') + '\\r\\n\\r\\n');
  socket.on('error', () => {}).on('data', (data) => {
    while (data.length) {
      const size = data[1] & 127, text = data.subarray(6, 6 + size).map((byte, at) => byte ^ data[2 + at % 4]);
      const close = (data[0] & 15) === 8, out = close ? text : Buffer.from(text.toString().toUpperCase());
      socket.write(Buffer.concat([Buffer.from([data[0], out.length]), out]));
      if (close) { socket.end(); return; }
      data = data.subarray(6 + size);
    }
  });
});
server.listen(Number(process.argv[1]), '127.0.0.1');
"""
_NGINX_CONF = """daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log; events {{}}
http {{ access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
 uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
 server {{ listen 127.0.0.1:{port}; root {folder}; default_type text/plain; location = /release {{ return 204; }} }} }}
"""


def installed(server: str) -> bool:
    """Whether that program is here."""
    return server in ASGI or shutil.which(server) is not None


@asynccontextmanager
async def serving(server: str, folder: Path) -> AsyncIterator[Upstream]:
    """One of `ALL`, up: ``/text``, ``/release`` and, but for nginx, ``/echo``, ``/events`` and ``/ws``."""
    if server in ASGI:
        async with asgi_server(server) as upstream:
            yield upstream
        return
    port = free_port()
    if server == NODE:
        argv = ["node", "-e", _NODE_SERVER, str(port)]
    else:
        (folder / "text").write_text("hello")
        config = folder / "nginx.conf"
        config.write_text(_NGINX_CONF.format(folder=folder, port=port))
        argv = ["nginx", "-p", str(folder), "-c", str(config)]
    async with program(*argv, port=port) as upstream:
        yield upstream


@asynccontextmanager
async def program(*argv: str, port: int) -> AsyncIterator[Upstream]:
    """A server program, up when its port accepts."""
    process = await asyncio.create_subprocess_exec(
        *argv, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(20):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except ConnectionError:
                    await asyncio.sleep(0.02)
                    continue
                writer.close()
                await writer.wait_closed()
                break
        yield Upstream("127.0.0.1", port, argv[0])
    finally:
        process.terminate()
        await process.wait()
