"""How a process that finds others by name is started."""

from meshdev.daemon.naming.room import Entered


def test_a_library_stands_before_those_of_the_service() -> None:
    """What the service loads itself is loaded still."""
    entered = Entered(preload="/lib/nss.so", env={"NSS_WRAPPER_HOSTS": "/h"})

    assert entered.added_to({"LD_PRELOAD": "/lib/own.so"}) == {
        "LD_PRELOAD": "/lib/nss.so /lib/own.so",
        "NSS_WRAPPER_HOSTS": "/h",
    }
    assert entered.added_to({})["LD_PRELOAD"] == "/lib/nss.so"
    assert Entered().added_to({"LD_PRELOAD": "/lib/own.so"}) == {}
