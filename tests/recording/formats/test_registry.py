"""The formats by name."""

import pytest

from meshdev.errors import RecordingError
from meshdev.recording.formats import FORMATS, export, import_, written
from support_exchanges import call, recording


def test_every_format_that_writes_is_there() -> None:
    """Each makes files of what it says, and tells nothing of a plain call."""
    for name, known in FORMATS.items():
        made = written(recording(call("GET", "/items", answer={"tea": 1})), name)

        assert name == known.name
        assert made.notes == ()
        assert all(path.endswith(known.suffix) or known.suffix == "/" for path in made.files)


def test_those_that_read_take_what_they_wrote() -> None:
    """Under the name that they are given."""
    for name, known in FORMATS.items():
        if known.reads:
            found = import_(export(recording(call("GET", "/items")), name), name, "mine")

            assert (found.meta.name, found.meta.source, found.meta.redacted) == ("mine", name, False)
            assert [one.request.target for one in found.exchanges] == ["/items"]


def test_what_is_no_format_is_refused() -> None:
    """With the one that was probably meant; a format that is only written is not read."""
    with pytest.raises(RecordingError) as raised:
        export(recording(), "hra")
    with pytest.raises(RecordingError, match=r"meshdev writes OpenAPI 3\.1, and does not read it"):
        import_({}, "openapi")

    assert str(raised.value) == "no format is called 'hra'\n  did you mean \"har\"?"
