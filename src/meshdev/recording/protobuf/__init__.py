"""Protocol Buffers: messages taken apart with what is known of them, be it everything or nothing.

| where | what |
|---|---|
| `wire` | fields in, fields out, by their numbers |
| `guess` | a message of which nothing is known, as a tree |
| `schema` | names and types out of descriptors |
| `codec` | messages as JSON and back; needs the extra ``grpc`` |
"""
