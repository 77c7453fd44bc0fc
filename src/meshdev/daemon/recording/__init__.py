"""Recording, as the daemon steers it: which edges are recorded, by whom, into what.

`asked` reads wishes, `process` is the recorder's keeper, `keeper` the book of recordings under way, `api` its routes,
`describing` and `protos` what calls of gRPC are made of.
"""
