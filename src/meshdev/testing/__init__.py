"""Tests of a whole system: faults, edges, calls and accidents, as pytest fixtures (``mesh``, ``amesh``).

| file | what is in it |
|---|---|
| `plugin` | the fixtures and options; pytest loads it by the entry point |
| `session` | attaches to the running system, or starts one and stops it again |
| `mesh` | `Mesh`: what a test holds in its hand |
| `edge` | what an edge has carried since the test began; waiting assertions |
| `fault` | faults that last as long as a block, and never longer than this process |
| `recorded` | traffic that is recorded while a block lasts |
| `keeper` | the lease by which the daemon knows that this process lives |
| `like` | values that change from call to call, in what a test expects |
| `asynchronous` | the same for tests with an event loop |

Without pytest: ``with session.opened(file) as mesh: …``. Nothing is imported here, since pytest reads this package in
every test suite of the environment.
"""
