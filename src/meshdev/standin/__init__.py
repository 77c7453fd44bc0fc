"""Floor 3: the process that plays a service out of a recording.

| where | what |
|---|---|
| `__main__` | the process: listens, ends |
| `role`, `staging` | what it is told to be; recordings read and made ready |
| `conversation`, `socket_scene` | one connection; one after its upgrade |
| `answering` | what becomes of a request |
| `content`, `script`, `frames`, `misses` | requests read, answers made into bytes: pure |
| `playing` | which exchanges can be played |
| `grpc_stage`, `grpc_own`, `grpc_passing` | the same for endpoints of gRPC, with grpcio |
| `passing`, `keeping` | misses that are asked of the real service, and recorded |
"""
