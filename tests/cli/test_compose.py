"""Compose projects on the command line: check, plan, graph, import, init, export."""

from pathlib import Path

from meshdev.cli.options import names_in_file
from support_cli import Cli
from support_topology import write

PROJECT = """
services:
  web:
    image: "nginx:${TAG:-1}"
    ports: ["8080:80"]
    environment: {DB: "postgres://db/x"}
    attach: false
  db: {image: postgres}
"""
NOTE = "compose.yml:6: {}services.web.attach: every log is kept, and shown where you look{}\n"


def project(cli: Cli, text: str = PROJECT, name: str = "compose.yml") -> Path:
    """A folder with a Compose file instead of a meshdev.toml."""
    (cli.project.root / "meshdev.toml").unlink(missing_ok=True)
    return write(cli.project.root, text, name)


def test_check_reads_it(cli: Cli) -> None:
    """Found without a word, or named; what has no meaning is a warning with its line."""
    project(cli)
    ran = cli("check")
    assert ran.code == 0
    assert ran.out.startswith(NOTE.format("warning: ", " [no-meaning]"))
    assert cli("check", "-f", "compose.yml").out == ran.out == cli("-f", "compose.yml", "check").out


def test_check_tells_every_problem(cli: Cli) -> None:
    """With file and line, and the nearest name."""
    project(cli, "services:\n  a: {image: x, comand: y}\n  b: {image: x, restart: maybe}\n")
    ran = cli("check")
    assert ran.code == 2
    assert 'compose.yml:2: services.a: unknown key "comand"\n  did you mean "command"?' in ran.err
    assert "compose.yml:3: services.b.restart: found" in ran.err


def test_graph_and_plan(cli: Cli) -> None:
    """The edges that nobody wrote, with why they are there; and what would start, of several files."""
    project(cli)
    write(cli.project.root, "services: {more: {image: x}}", "more.yml")
    assert "  -> db  (inferred from environment DB, compose.yml:5)\n" in cli("graph").out
    ran = cli("plan", "-f", "compose.yml", "-f", "more.yml")
    assert [line.split()[-1] for line in ran.out.splitlines()[:3]] == ["web", "db", "more"]
    assert "attach" in ran.out


def test_import_writes_a_file(cli: Cli) -> None:
    """With comments on what could not be carried over; not over one that is there."""
    project(cli)
    ran = cli("import")
    assert ran.code == 0
    assert ran.out == (
        "wrote meshdev.toml\n"
        + NOTE.format("", "")
        + "  instead: `meshdev logs SERVICE`\n2 services, 1 edge inferred, 1 note\n"
        + "next: `meshdev check`, then `meshdev up`\n"
    )
    text = (cli.project.root / "meshdev.toml").read_text("utf-8")
    assert "# compose.yml:6: services.web.attach:" in text
    assert 'image = "nginx:${TAG:-1}"' in text
    assert "# db:5432 (postgres, guessed): inferred from environment DB, compose.yml:5\ncalls" in text
    assert cli("check").code == 0
    again = cli("import")
    assert (again.code, "is there already" in again.err) == (2, True)
    assert cli("import", "--force").code == 0


def test_import_to_another_folder(cli: Cli) -> None:
    """Paths start from where the file is written, and references are filled in, since .env is elsewhere."""
    project(cli, 'services: {web: {build: "./web", image: "x:${TAG:-1}", volumes: ["./src:/src"]}}\n')
    assert cli("import", "compose.yml", "-o", "other/meshdev.toml").code == 0
    text = (cli.project.root / "other" / "meshdev.toml").read_text("utf-8")
    assert 'build = "../web"' in text
    assert 'volumes = ["../src:/src"]' in text
    assert 'image = "x:1"' in text


def test_import_prints(cli: Cli) -> None:
    """``-o -`` is the text alone; the rest goes to standard error."""
    project(cli)
    ran = cli("import", "-o", "-")
    assert ran.out.startswith("# What compose.yml said, for meshdev.")
    assert "1 edge inferred" in ran.err


def test_import_of_what_is_wrong(cli: Cli) -> None:
    """Nothing is written; no file, and no such file, are told."""
    project(cli, "services: {a: {image: x, depends_on: [b]}}\n")
    ran = cli("import")
    assert (ran.code, 'there is no node "b"' in ran.err) == (2, True)
    assert not (cli.project.root / "meshdev.toml").exists()
    assert cli("import", "nope.yml").code == 2
    (cli.project.root / "compose.yml").unlink()
    assert "there is no Compose file here" in cli("import").err


def test_init_takes_the_compose_file(cli: Cli) -> None:
    """A first meshdev.toml is made of it."""
    project(cli)
    ran = cli("init")
    assert (ran.code, ran.out.splitlines()[0]) == (0, "wrote meshdev.toml")
    assert "[services.db]" in (cli.project.root / "meshdev.toml").read_text("utf-8")


def test_export(cli: Cli) -> None:
    """A system of containers as a Compose file; what is none is told on standard error."""
    write(
        cli.project.root,
        """
        [services.web]
        image = "nginx"
        port = 80
        [services.job]
        command = "true"
        """,
    )
    ran = cli("export", "compose")
    assert ran.code == 0
    assert "  web:\n    image: nginx\n" in ran.out
    assert ran.err == "note: job is no container, so it is left out: give it an image or a build\n"
    assert cli("export", "compose", "-o", "out.yml").out == "wrote out.yml\n"
    assert cli("export", "compose", "-o", "out.yml").code == 2


def test_names_for_completion(tmp_path: Path) -> None:
    """The services of a Compose file, without reading it for good."""
    file = write(tmp_path, PROJECT + "volumes:\n  data: {}\n", "compose.yml")
    assert names_in_file(file) == ["web", "db"]
