"""What the machine offers and lacks."""

import json
import socket
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from meshdev.cli import diagnosis, diagnosis_here
from meshdev.cli.diagnosis import Finding, Verdict
from meshdev.cli.diagnosis_engine import docker
from meshdev.cli.doctor import render
from meshdev.identity.authority import new_authority
from support_cli import Cli, stand_in
from support_control import held_lock, service, short_project


def test_every_check_answers(cli: Cli) -> None:
    """All checks are listed; nothing that is needed is missing where the tests run."""
    ran = cli("doctor")
    assert ran.code == 0
    for word in ("python", "file watching", "open files", "limits", "docker", "terminal", "disk", "daemon"):
        assert f" {word} " in ran.out


def test_json_is_a_list_of_findings(cli: Cli) -> None:
    """For programs: check, verdict, what was found, what is lost, the way out."""
    findings = json.loads(cli("doctor", "--json").out)
    assert set(findings[0]) == {"check", "verdict", "found", "lost", "way_out"}


def test_missing_need_fails(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 1 when one cannot do without."""
    monkeypatch.setattr(
        diagnosis, "MACHINE", (lambda: diagnosis.fail("loopback", "refused", "nothing works"),)
    )
    assert cli("doctor").code == 1


def test_rendering_says_what_is_lost_and_the_way_out() -> None:
    """Under each lack."""
    findings = [Finding("a", Verdict.OK, "fine"), Finding("long", Verdict.WARN, "gone", "some", "get it")]
    assert render(findings, unicode=False) == [
        "\x1b[32m\x1b[1m+\x1b[0m a     fine",
        "\x1b[33m\x1b[1m!\x1b[0m long  gone",
        "        some",
        "        \x1b[1mway out:\x1b[0m get it",
    ]


def test_docker_engine_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that answers is found, with its version; one that is gone is told, with the way out."""
    with short_project() as project:
        path = project.root / "docker.sock"
        monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen()

            def answer() -> None:
                peer, _ = listener.accept()
                with peer:
                    peer.recv(4096)
                    peer.sendall(
                        b'HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{"Version": "28.2"}'
                    )

            thread = threading.Thread(target=answer)
            thread.start()
            assert docker() == diagnosis.ok("docker", f"engine 28.2 at {path}")
            thread.join()
        finding = docker()
        assert (finding.verdict, finding.way_out) == (
            Verdict.WARN,
            "start it: sudo systemctl start docker, or sudo dockerd",
        )


def test_missing_program_names_the_way_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without node the polyglot profile is skipped, and the doctor says so."""
    monkeypatch.setenv("PATH", str(tmp_path))
    finding = diagnosis.node()
    assert (finding.verdict, "polyglot" in finding.lost) == (Verdict.WARN, True)


def test_full_disk_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No room for logs is a lack one cannot do without."""
    monkeypatch.setattr("shutil.disk_usage", lambda _path: type("Usage", (), {"free": 1024})())
    assert diagnosis.disk(tmp_path).verdict is Verdict.FAIL


def test_daemon_of_this_project(cli: Cli) -> None:
    """Absent, alive, mute, another user's."""
    assert diagnosis_here.daemon(cli.project).found == "none runs here"
    with stand_in(cli, service()):
        assert diagnosis_here.daemon(cli.project).verdict is Verdict.OK
    with held_lock(cli.project, '{"pid": 42}'):
        assert diagnosis_here.daemon(cli.project).found == "does not answer (pid 42)"
    with held_lock(cli.project, '{"pid": 42, "uid": 99999}'):
        assert diagnosis_here.daemon(cli.project).verdict is Verdict.FAIL


def test_sockets_of_dead_daemons_are_counted(cli: Cli) -> None:
    """Of other projects, in the same runtime directory."""
    dead = cli.project.paths.runtime_dir.parent / "0123456789ab"
    dead.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(dead / "control.sock"))
    assert "1 stale sockets" in diagnosis_here.others(cli.project).found


def test_dumb_terminal_has_no_dashboard(monkeypatch: pytest.MonkeyPatch) -> None:
    """TERM decides."""
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    assert "no dashboard" in diagnosis_here.terminal().lost


def test_the_projects_authority_is_looked_at(cli: Cli) -> None:
    """Nothing is said where there is none; where it is, how long it is good for, and whether its key is anybody's."""
    assert "certificates" not in cli("doctor").out
    folder = cli.project.paths.tls_dir
    folder.mkdir(parents=True)
    pair = new_authority("shop", datetime(2026, 11, 28, tzinfo=UTC))
    (folder / "ca.pem").write_bytes(pair.certificate)
    key = folder / "ca.key"
    key.touch(0o600)
    assert "ca.pem, until 2031-11-27 (browsers" in " ".join(cli("doctor").out.split())
    key.chmod(0o644)
    assert f"chmod 600 {key}" in cli("doctor").out
    key.chmod(0o600)
    (folder / "ca.pem").write_text("nothing")
    assert "which is none: the next start makes another" in " ".join(cli("doctor").out.split())
