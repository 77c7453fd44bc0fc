"""Recordings in odd hours: nothing runs, nothing is in it, somebody presses Ctrl-C, a shell asks for names."""

import shutil
import subprocess

import httpx
import pexpect
import pytest

from support_product import Product
from support_variety import variety_up

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def shop(shared: Product, shared_port: int) -> str:
    """Up; there are recordings called empty and slow."""
    base = variety_up(shared, shared_port)
    shared.run("record", "start", "empty")
    shared.run("record", "stop", "empty")
    shared.run("record", "start", "slow")
    with httpx.Client(base_url=base) as client:
        for _ in range(10):
            client.get("/slow?seconds=0.5")
    shared.run("record", "stop", "slow")
    return base


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    "arguments",
    [
        ("record", "export", "empty", "--to", "har"),
        ("record", "verify", "empty"),
        ("replay", "empty", "--to", "shop"),
    ],
    ids=" ".join,
)
def test_nothing_is_made_of_nothing(shared: Product, arguments: tuple[str, ...]) -> None:
    """An empty recording is told; it is neither true nor worth a file."""
    assert "nothing is recorded in empty" in shared.run(*arguments, check=2).stderr
    assert not (shared.root / "empty.har").exists()


@pytest.mark.usefixtures("shop")
def test_an_empty_one_is_shown_as_such(shared: Product) -> None:
    """Not as silence; a filter that leaves nothing says of how many."""
    assert shared.run("record", "show", "empty").stderr == "no calls\n"
    assert shared.run("record", "show", "slow", "--filter", "status=5xx").stderr == "no calls (of 10 calls)\n"


@pytest.mark.usefixtures("shop")
def test_saving_nothing_leaves_nothing(shared: Product) -> None:
    """The name stays free."""
    told = shared.run("record", "save-last", "5m", "none", "--match", "path=/nobody", check=2).stderr
    assert "nothing passed in the last 5m over any edge that matches" in told
    assert "none" not in shared.run("record", "list").stdout


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    "arguments", [("replay", "slow", "--to", "shop"), ("record", "verify", "slow")], ids=" ".join
)
def test_an_interrupt_is_told_in_a_line(shared: Product, arguments: tuple[str, ...]) -> None:
    """How far it came, and the exit code of an interrupt; no trace of the program's innards."""
    argv = shared.command(*arguments)
    terminal = pexpect.spawn(
        argv[0], argv[1:], cwd=str(shared.root), env=shared.env(), timeout=20, encoding="utf-8"
    )
    terminal.expect("1/10")
    terminal.sendcontrol("c")
    terminal.expect(pexpect.EOF)
    told = terminal.before or ""
    terminal.close()
    assert "of 10 were answered" in told
    assert "Traceback" not in told
    assert terminal.exitstatus == 130


@pytest.mark.usefixtures("shop")
def test_a_shell_completes_names(shared: Product) -> None:
    """Of recordings, wherever one is wanted."""
    for words, expected in {
        "meshdev record show s": "slow",
        "meshdev record export e": "empty",
        "meshdev replay s": "slow",
        "meshdev swap shop --with recording:s": "recording:slow",
    }.items():
        asked = {
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split()) - 1),
            "_MESHDEV_COMPLETE": "bash_complete",
        }
        done = subprocess.run(
            shared.command(),
            cwd=shared.root,
            env=shared.env() | asked,
            capture_output=True,
            text=True,
            check=False,
        )
        assert expected in [line.partition(",")[2] for line in done.stdout.splitlines()], words


@pytest.mark.usefixtures("shop")
def test_one_that_cannot_be_read_hides_no_other(shared: Product) -> None:
    """The list has the others, and names the file."""
    broken = shared.root / ".meshdev" / "recordings" / "broken"
    broken.mkdir()
    (broken / "recording.json").write_text("{")
    listed = shared.run("record", "list")
    shutil.rmtree(broken)
    assert "slow" in listed.stdout
    assert "broken/recording.json" in listed.stderr


def test_without_a_daemon(product: Product) -> None:
    """What is on the disk needs none; what passes needs one, and is told how to have it."""
    product.write('[system]\nname = "quiet"\n[services.a]\ncommand = "sleep 1"\nprotocol = "none"\n')
    assert "no recordings" in product.run("record", "list").stdout
    for arguments in (("start", "day"), ("stop",), ("save-last", "5m")):
        told = product.run("record", *arguments, check=3).stderr
        assert "`meshdev up` starts it" in told
