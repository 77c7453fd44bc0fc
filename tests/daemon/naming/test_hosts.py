"""Hosts files and their addresses."""

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from meshdev.daemon.naming.hosts import LoopbackAddresses, hosts_text

MACHINE = """# the machine's own
127.0.0.1  localhost redis   # as somebody wrote
::1\tlocalhost ip6-localhost

10.0.0.7 db.example REDIS
10.0.0.8 redis
"""


def test_own_names_come_first_and_hide_the_machines() -> None:
    """A name that is an edge leads there only; all other names of the machine stay, remarks do not."""
    names = [("redis", "127.70.0.1"), ("catalogue", "127.70.0.2"), ("cache", "127.70.0.1")]
    text = hosts_text(names, MACHINE)

    assert text.splitlines() == [
        "127.70.0.1\tcache redis",
        "127.70.0.2\tcatalogue",
        "127.0.0.1\tlocalhost",
        "::1\tlocalhost ip6-localhost",
        "10.0.0.7\tdb.example",
    ]


def test_of_a_name_that_two_have_the_first_counts() -> None:
    """The declared callee's, not that of one that is merely within reach."""
    text = hosts_text([("db", "127.70.0.1"), ("db", "127.70.0.2")], "")

    assert text == "127.70.0.1\tdb\n"


@given(st.sets(st.tuples(st.sampled_from("abc"), st.text(max_size=3)), max_size=50))
def test_each_pair_has_an_address_of_its_own_that_stays(pairs: set[tuple[str, str]]) -> None:
    """Loopback, never one that people use by hand, the same in the same project."""
    addresses = LoopbackAddresses("/project")
    found = {pair: addresses.of(*pair) for pair in pairs}

    assert len(set(found.values())) == len(pairs)
    assert found == {pair: addresses.of(*pair) for pair in pairs}
    for address in found.values():
        assert ipaddress.ip_address(address) in ipaddress.ip_network("127.64.0.0/10")


def test_another_project_has_others() -> None:
    """Two systems at once do not meet."""
    assert LoopbackAddresses("/one").of("a", "b") != LoopbackAddresses("/two").of("a", "b")
    assert LoopbackAddresses("/one").of("a", "b") == LoopbackAddresses("/one").of("a", "b")
