"""OpenAPI 3.1 out of traffic: `write` the document, `paths`, `parameters`, `shape` schemas over many values."""
