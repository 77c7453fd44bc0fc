"""Toxiproxy's HTTP API, so that tests written for it steer the edges of a system unchanged.

| call | reply |
|---|---|
| GET /version | 200 ``{"version": …}`` |
| GET /proxies · POST /proxies | 200 by name · 201 |
| GET, POST or PATCH /proxies/{p} · DELETE | 200 · 204 |
| GET or POST /proxies/{p}/toxics | 200 (a new one is 200, too) |
| GET, POST or PATCH /proxies/{p}/toxics/{t} · DELETE | 200 · 204 |
| POST /populate | 201 ``{"proxies": […]}`` |
| POST /reset | 204: every proxy is enabled, every toxic is gone |

| file | what is in it |
|---|---|
| `decoding` | bodies, by the rules of the original's decoder |
| `toxics` | types of toxics, and the fault of our catalogue that each is |
| `proxies` | proxies, addresses, and how both are told |
| `core` | what each call does; without IO, over a `Ground` |
| `web` | the calls as an ASGI application |

An edge of the system is a proxy that is there already; its address and where it leads are the topology's affair. Other
proxies are made and deleted here.
"""
