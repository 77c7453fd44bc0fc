"""What goes wrong around a system on an odd day: files that go, readers that leave, bytes that are no text."""

import json
import os
import subprocess

import pytest

from support_product import Product, eventually

pytestmark = pytest.mark.e2e

QUIET = '[services.quiet]\ncommand = "sleep 600"\nprotocol = "none"\n'


def test_a_system_whose_file_has_gone_can_be_seen_and_stopped(product: Product) -> None:
    """The topology is deleted or renamed under a running system: status and down work, up says what is missing."""
    product.write(QUIET)
    product.run("up", "-d", "--wait")
    (product.root / "meshdev.toml").unlink()

    assert product.status()["quiet"]["phase"] == "running"
    assert "meshdev.toml" in product.run("up", "-d", check=2).stderr
    product.run("down")

    assert product.survivors() == set()


def test_a_broken_file_leaves_the_running_system_alone(product: Product) -> None:
    """`up` with garbage in the file tells the place, exits with 2, and everything runs on as it was."""
    product.write(QUIET)
    product.run("up", "-d", "--wait")
    before = product.status()["quiet"]["instances"]
    (product.root / "meshdev.toml").write_text('[services.quiet]\ncommand = "sleep\n')

    refused = product.run("up", "-d", check=2)

    assert "meshdev.toml:2" in refused.stderr
    assert [one["pid"] for one in product.status()["quiet"]["instances"]] == [one["pid"] for one in before]
    assert product.run("restart", "quiet").returncode == 0


@pytest.mark.parametrize("arguments", [["events"], ["logs", "-f"], ["attach", "--plain"]])
def test_a_reader_that_leaves_a_quiet_command_ends_it(product: Product, arguments: list[str]) -> None:
    """Nothing has to be written for `meshdev events | head` to notice that head has gone."""
    product.write(QUIET)
    product.run("up", "-d", "--wait")
    reading, writing = os.pipe()
    with subprocess.Popen(
        product.command(*arguments),
        cwd=product.root,
        env=product.env(),
        stdin=subprocess.DEVNULL,
        stdout=writing,
        stderr=subprocess.DEVNULL,
    ) as command:
        os.close(writing)
        os.close(reading)
        assert command.wait(timeout=20) == 141


def test_an_environment_that_is_no_text(product: Product) -> None:
    """Odd bytes in the terminal's environment reach the services as they are; `env` shows what can be shown."""
    product.environ["ODD"] = os.fsdecode(b"\xff\xfe")
    product.write('[services.odd]\ncommand = \'printf "%s" "$ODD"; sleep 600\'\nprotocol = "none"\n')
    product.run("up", "-d", "--wait")

    assert json.loads(product.run("env", "odd", "--json").stdout)["environment"]["ODD"] == "\ufffd\ufffd"
    run_id = product.lock()["run_id"]
    log = product.root / ".meshdev" / "runs" / run_id / "logs" / "odd" / "000001.log"
    assert eventually(lambda: log.exists() and log.read_bytes()).startswith(b"\xff\xfe")


def test_a_service_that_never_ran_has_no_age(product: Product) -> None:
    """`up SERVICE` leaves the others stopped: `status` doesn't count from 1970."""
    product.write(QUIET + '[services.other]\ncommand = "sleep 600"\nprotocol = "none"\n')
    product.run("up", "-d", "--wait", "quiet")

    (line,) = (line for line in product.run("status").stdout.splitlines() if line.startswith("other"))

    assert line.split() == ["other", "○", "stopped", "0"]


def test_a_storm_of_reloads_is_suspended_and_told(product: Product) -> None:
    """Saves without end: after ten reloads the watch rests and says until when; a restart ends that."""
    product.write(
        '[services.busy]\ncommand = "sleep 600"\nprotocol = "none"\nwatch = "*.txt"\nstop = { grace = "1s" }\n'
    )
    product.run("up", "-d", "--wait")

    def reload(number: int) -> bool:
        (product.root / "page.txt").write_text(str(number))
        said = "suspended"
        return (
            eventually(
                lambda: (
                    said
                    if said in product.run("logs", "busy").stdout
                    else product.status()["busy"]["instances"][0]["generation"] >= number + 2
                )
            )
            == said
        )

    assert next(number for number in range(20) if reload(number)) <= 11
    assert "until you restart busy" in product.run("logs", "busy").stdout
    product.run("restart", "busy")
    before = product.status()["busy"]["instances"][0]["generation"]
    (product.root / "page.txt").write_text("again")
    eventually(lambda: product.status()["busy"]["instances"][0]["generation"] > before)
