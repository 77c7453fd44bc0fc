"""The package as a whole."""

import subprocess
import sys


def test_help_imports_nothing_heavy() -> None:
    """`meshdev --help` must stay cheap: no textual, docker, networkx, pydantic or httpx."""
    code = (
        "import sys; sys.argv = ['meshdev', '--help']\n"
        "from meshdev.__main__ import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "heavy = {'textual', 'docker', 'networkx', 'pydantic', 'httpx', 'starlette', 'uvicorn'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
