"""Recorded requests sent again: to a live service as a comparison or as load, to two of them side by side.

| where | what |
|---|---|
| `chosen` | which calls of a recording are sent, and when: pure |
| `prepared` | a session put together; where a service is: pure |
| `calls` | calls of gRPC as requests with JSON in them, and back: pure |
| `sender`, `call_sender` | one request over HTTP, one call; the answer as a recording has it |
| `session` | the requests one after the other, or as they came; names that the live service gave out carried on |
| `outcome` | what came of it: differences by route and field, latencies beside the recorded ones |

A client of services and recordings, and nothing more: whoever calls finds the addresses.
"""
