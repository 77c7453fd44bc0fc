"""The proxies that are compared; a new one is a file here and a line in `ALL`. The first is what ratios refer to."""

from typing import Final

from benchmarks.mesh.proxies.base import Proxy
from benchmarks.mesh.proxies.envoy import Envoy
from benchmarks.mesh.proxies.haproxy import HAProxy
from benchmarks.mesh.proxies.mitmproxy import Mitmproxy
from benchmarks.mesh.proxies.nginx import Nginx
from benchmarks.mesh.proxies.ours import Forgetting, Meshdev

ALL: Final[tuple[Proxy, ...]] = (HAProxy(), Meshdev(), Forgetting(), Nginx(), Envoy(), Mitmproxy())
REFERENCE: Final = ALL[0].name
