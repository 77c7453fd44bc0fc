"""`meshdev fault import`, run as a user would."""

from pathlib import Path

from support_cli import meshdev

FILE = """apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: slow-ratings}
spec:
  hosts: [ratings]
  http:
  - fault:
      delay: {fixedDelay: 7s, percentage: {value: 0.1}}
      abort: {grpcStatus: UNAVAILABLE}
    route: [{destination: {host: ratings}}]
"""
TOML = """[faults.slow-ratings]
edge = "* -> ratings"
delay = { delay = "7s", percentage = 0.1 }
"""
SYSTEM = """include = ["istio.toml"]
[services.ratings]
command = "true"
[services.reviews]
command = "true"
calls = ["ratings"]
"""


def test_faults_are_printed_and_the_rest_is_named(tmp_path: Path) -> None:
    """TOML goes to the output, what cannot be translated to the other one, with file and line."""
    (tmp_path / "vs.yaml").write_text(FILE)
    ran = meshdev("fault", "import", "vs.yaml", cwd=tmp_path)
    assert (ran.code, ran.out) == (0, TOML)
    assert ran.err.splitlines() == [
        "vs.yaml:9: abort without httpStatus is left out",
        "vs.yaml:9: abort.grpcStatus has no counterpart",
    ]


def test_a_file_is_written_and_can_be_included(tmp_path: Path) -> None:
    """What was written is a part of a topology; it is not written over what is there."""
    (tmp_path / "vs.yaml").write_text(FILE)
    ran = meshdev("fault", "import", "vs.yaml", "-o", "istio.toml", cwd=tmp_path)
    assert (ran.code, ran.out) == (0, 'one fault in istio.toml; have it read by include = ["istio.toml"]\n')
    (tmp_path / "meshdev.toml").write_text(SYSTEM)
    assert meshdev("check", cwd=tmp_path).code == 0
    again = meshdev("fault", "import", "vs.yaml", "-o", "istio.toml", cwd=tmp_path)
    assert again.code == 2
    assert "istio.toml is there already" in again.err


def test_files_without_faults(tmp_path: Path) -> None:
    """No YAML, no file, no fault: said, with exit code 2."""
    (tmp_path / "bad.yaml").write_text("a: [")
    (tmp_path / "none.yaml").write_text("kind: Service\n")
    for name, told in (("bad.yaml", "no YAML"), ("none.yaml", "no fault"), ("away.yaml", "cannot be read")):
        ran = meshdev("fault", "import", name, cwd=tmp_path)
        assert ran.code == 2
        assert told in ran.err
