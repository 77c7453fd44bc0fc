"""Who tells us."""

import os
import time
from pathlib import Path

from meshdev.watch.notify import ADDED, DELETED, MODIFIED, Event, NativeNotifier, Notifier, PollingNotifier


def events(notifier: Notifier, path: Path, deadline: float = 10.0) -> set[Event]:
    """What is told, up to the first word about ``path``."""
    seen: set[Event] = set()
    end = time.monotonic() + deadline
    while time.monotonic() < end and str(path) not in {where for _, where in seen}:
        seen |= notifier.poll()
    return seen


def test_folders_can_be_added_for_ever(tmp_path: Path) -> None:
    """However often folders are added one by one, all are watched with a bounded number of watchers."""
    notifier = NativeNotifier()
    root = tmp_path.resolve()
    for number in range(40):
        (root / str(number)).mkdir()
        notifier.add([str(root / str(number))])
    assert len(notifier._shards) <= 16
    for number in (0, 20, 39):
        file = root / str(number) / "file"
        file.write_text("x")
        assert (ADDED, str(file)) in events(notifier, file)
    notifier.close()


def test_folders_that_have_gone_are_left_out(tmp_path: Path) -> None:
    """One folder that vanished in between doesn't cost the others their watch."""
    notifier = NativeNotifier()
    root = tmp_path.resolve()
    (root / "there").mkdir()
    notifier.add([str(root / "gone"), str(root / "there")])
    notifier.add([str(root / "gone too")])
    (root / "there" / "file").write_text("x")
    assert (ADDED, str(root / "there" / "file")) in events(notifier, root / "there" / "file")
    notifier.close()


def test_polling_looks_when_it_is_time(tmp_path: Path) -> None:
    """Between two looks nothing is read; a look finds what was added, changed and deleted, and no more."""
    now = 0.0
    notifier = PollingNotifier(lambda: now)
    (tmp_path / "folder").mkdir()
    for name in ("same", "changed", "touched", "gone"):
        (tmp_path / name).write_text("1")
    notifier.add([str(tmp_path), str(tmp_path / "not there")])
    assert notifier.poll() == set()
    (tmp_path / "changed").write_text("22")
    os.utime(tmp_path / "touched", (1, 1))
    (tmp_path / "gone").unlink()
    (tmp_path / "new").write_text("1")
    (tmp_path / "folder" / "inside").write_text("1")
    assert notifier.poll() == set()
    now = 1.0
    assert notifier.poll() == {
        (MODIFIED, str(tmp_path / "changed")),
        (MODIFIED, str(tmp_path / "touched")),
        (DELETED, str(tmp_path / "gone")),
        (ADDED, str(tmp_path / "new")),
    }
    notifier.close()
