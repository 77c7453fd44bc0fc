"""Docker Compose files as meshdev topologies, after the Compose specification.

A project goes through these rooms, each a module: text to nodes that know their line (`yaml_nodes`), variables
(`interpolation`, `variables`), one shape for all short forms (`canonical`), `extends`, several files (`merging`),
`include` (all of them led by `project`), then the keys of meshdev.toml (`services` and its neighbours), the edges that
nobody wrote (`inference`), and at last the same loader that reads meshdev.toml (`reading`). So whatever a Compose file
means here, a meshdev.toml can say, and `writing` says it. What has no meaning here is named, line by line (`keys`).
"""
