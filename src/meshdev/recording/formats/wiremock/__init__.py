"""WireMock's ``mappings/`` and ``__files/``: `write` with `matchers`, `read` with `kept` for what is ours alone."""
