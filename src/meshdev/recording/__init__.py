"""Floor 1, sans-IO: what traffic is when it is kept, what must not be kept, and how it is found and given again.

| where | what |
|---|---|
| `model` | an exchange, its bodies and messages, what a recording says of itself |
| `assemble` | raw bytes of a connection made into exchanges |
| `redaction/` | secrets out, placeholders of the same shape in, before anything is written |
| `matching/` | which recorded exchange answers a request, or why none does |
| `replay` | the answer made ready: order, echoes, timing |
| `comparison/` | two answers to the same request: differences by route and field, less the noise |
| `formats/` | one codec a foreign format: HAR, VCR.py, WireMock, Hoverfly, Pact, OpenAPI, pytest, curl, httpx |
| `calls`, `protobuf/` | calls of gRPC, and what their messages say |
| `journal` | the bytes of a recording on disk: frames, checksums, torn ends |

No IO, no clock, no chance: times come in, randomness is a key that somebody hands over.
"""
