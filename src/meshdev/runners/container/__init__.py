"""Containers: everything that speaks with a Docker (or Podman) engine; the only place that imports docker.

`address` where the engine is · `light` and `sweep` a few calls without the docker package, for guardian and command
line · `engine` calls in threads, errors in words · `spec` what one container is made of · `images` pull and build ·
`networks`, `subnets`, `bridges` a caller's own network · `stream`, `body`, `frames`, `stamps`, `follower` the
log · `events` what happened to our containers · `runner` the lifecycle's commands.
"""
