"""A first file for a folder."""

import json
from pathlib import Path

import pytest

from meshdev.topology.draft import draft
from meshdev.topology.load import load
from meshdev.topology.model import Process, Service
from support_topology import PATH, write


def drafted(folder: Path) -> dict[str, Service]:
    """The services of the draft for ``folder``, loaded."""
    write(folder, draft(folder).text)
    return dict(load(folder / "meshdev.toml", environ=PATH).services)


def line(service: Service) -> str:
    """The command line of a service."""
    assert isinstance(service.run, Process)
    return " ".join(service.run.argv)


def test_a_procfile(tmp_path: Path) -> None:
    """Each process type is a service; only web listens, unless its command says so."""
    write(
        tmp_path,
        """
        # comment
        web: bundle exec puma -p ${PORT:-3000} "quoted"
        worker: bundle exec sidekiq
        api-2: python3 app.py --port $PORT
        release: rake db:migrate
        """,
        "Procfile",
    )
    write(tmp_path, "A=1\n", ".env")
    services = drafted(tmp_path)
    assert {name: (bool(node.endpoints), node.one_shot) for name, node in services.items()} == {
        "web": (True, False),
        "worker": (False, False),
        "api-2": (True, False),
        "release": (False, True),
    }
    assert line(services["web"]) == 'exec bundle exec puma -p ${PORT:-3000} "quoted"'
    assert services["worker"].environment == {"A": "1"}


@pytest.mark.parametrize(
    ("scripts", "lock", "command"),
    [
        ({"dev": "next dev", "start": "next start"}, "", "npm run dev"),
        ({"start": "node ."}, "pnpm-lock.yaml", "pnpm run start"),
        ({"serve": "x"}, "yarn.lock", "yarn run serve"),
        ({"dev": "vite"}, "", "exec npm run dev -- --port $PORT --strictPort"),
        ({"dev": "vite"}, "bun.lock", "exec bun run dev --port $PORT --strictPort"),
        ({"dev": "vitest"}, "", "npm run dev"),
    ],
)
def test_a_node_package(scripts: dict[str, str], lock: str, command: str, tmp_path: Path) -> None:
    """The script that starts it, by the package manager whose lock file is there."""
    write(tmp_path, json.dumps({"name": "@shop/web ui", "scripts": scripts}), "package.json")
    if lock:
        write(tmp_path, "", lock)
    assert {name: line(node) for name, node in drafted(tmp_path).items()} == {"web-ui": command}


@pytest.mark.parametrize(
    ("files", "command"),
    [
        (
            {
                "pyproject.toml": '[project]\nname = "x"\ndependencies = ["fastapi>=1"]',
                "main.py": "api = FastAPI()",
            },
            "exec python3 -m uvicorn main:api --host 127.0.0.1 --port $PORT",
        ),
        (
            {
                "pyproject.toml": '[project]\nname = "x"\noptional-dependencies = { web = ["Starlette"] }',
                "src/x/__init__.py": "",
                "src/x/app.py": "import a\napp: Starlette = Starlette(\n",
            },
            "exec python3 -m uvicorn x.app:app --host 127.0.0.1 --port $PORT",
        ),
        (
            {
                "pyproject.toml": '[project]\nname = "x"\ndependencies = ["flask"]',
                "x/__init__.py": "app = Flask(__name__)",
            },
            "exec python3 -m flask --app x:app run --port $PORT",
        ),
        ({"manage.py": ""}, "exec python3 manage.py runserver --noreload 127.0.0.1:$PORT"),
        ({"pyproject.toml": '[project]\nname = "x"\nscripts = { y = "a:b", x = "a:c" }'}, "x"),
    ],
)
def test_a_python_project(files: dict[str, str], command: str, tmp_path: Path) -> None:
    """The framework that it depends on and the file that makes its application."""
    for name, text in files.items():
        write(tmp_path, text, name)
    (service,) = drafted(tmp_path).values()
    assert line(service) == command


def test_folders_of_services(tmp_path: Path) -> None:
    """Direct children and the usual groups are looked at; what is no service isn't, and names stay apart."""
    package = json.dumps({"scripts": {"start": "node ."}})
    for place in ("one", "services/one", "apps/two", "node_modules/three", "packages/four/deep"):
        write(tmp_path, package, f"{place}/package.json")
    write(tmp_path, '{"scripts": {"build": "x"}}', "packages/four/package.json")
    write(tmp_path, "[project", "services/bad/pyproject.toml")
    write(tmp_path, "[1]", "services/worse/package.json")
    write(tmp_path, '[project]\nname = "lib"', "services/lib/pyproject.toml")
    services = drafted(tmp_path)
    assert {name: str(node.working_dir.relative_to(tmp_path)) for name, node in services.items()} == {
        "one": "one",
        "one-2": "services/one",
        "two": "apps/two",
    }


def test_what_the_procfile_knows_is_not_found_again(tmp_path: Path) -> None:
    """A package of the same name is the same service."""
    write(tmp_path, "web: true\n", "Procfile")
    write(tmp_path, '{"name": "web", "scripts": {"dev": "x"}}', "package.json")
    assert line(drafted(tmp_path)["web"]) == "true"


@pytest.mark.parametrize(
    "package", ["{", "[]", '{"scripts": 3}', '{"scripts": {"dev": 3}}', '{"name": 3, "scripts": {}}']
)
def test_packages_that_are_none(package: str, tmp_path: Path) -> None:
    """What cannot be understood is passed over."""
    write(tmp_path, package, "package.json")
    write(tmp_path, '[project]\nname = 3\ndependencies = [3, "?", "uvicorn"]\nscripts = 3', "pyproject.toml")
    assert drafted(tmp_path) == {}


def test_what_is_said_of_it(tmp_path: Path) -> None:
    """The report names each source, and what cannot be used yet."""
    write(tmp_path, "web: x\n", "Procfile")
    write(tmp_path, "", "Dockerfile")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    made = draft(tmp_path)
    assert made.found == ("web: from Procfile (web)",)
    assert made.notes == ('Dockerfile is there too: build = "." runs what it makes',)
    assert 'path = [".venv/bin"]' in made.text


def test_an_empty_folder(tmp_path: Path) -> None:
    """Nothing is invented: an example in comments, and a file that loads."""
    made = draft(tmp_path)
    assert made.found == ()
    assert '# command = "python3 -m http.server --bind 127.0.0.1 $PORT"' in made.text
    assert drafted(tmp_path) == {}


def test_the_example_works_once_its_marks_are_gone(tmp_path: Path) -> None:
    """The commented service is a right one."""
    text = draft(tmp_path).text.replace("# [services", "[services")
    for key in ("command", "ports", "healthcheck"):
        text = text.replace(f"# {key} =", f"{key} =")
    write(tmp_path, text)
    assert list(load(tmp_path / "meshdev.toml", environ=PATH).services) == ["hello"]
