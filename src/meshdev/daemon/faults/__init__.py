"""Faults that people inject, as the daemon keeps them.

| file | what is in it |
|---|---|
| `leases` | promises that somebody is still there |
| `book` | which faults there are, which are on, since when, and for whom; decisions only |
| `instances` | what is done to instances |
| `chronicle` | what is told of them in the services' logs |
| `keeper` | the book at work: edges get their faults, ends are kept, followers are told |
| `world` | what joins the keeper to the daemon's other rooms |
| `api` | the routes of ``wire.fault_views`` |

Every fault ends: by hand, by its schedule, with its lease, with the daemon. What a fault does to bytes and requests is
in `traffic.faults` and happens in the mesh's workers.
"""
