"""The afternoon of docs/tour-recording.md, lived from its first command to its last."""

import subprocess
import sys
from pathlib import Path

import pytest

from support_product import Product
from support_shop_processes import ROOT
from support_shop_product import shop_in
from support_tour import Command, File, steps

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

PORT = "8080"  # the page's; here another one


def test_the_page_is_true(product: Product, free_port: int) -> None:
    """Each command says what the page has it say; the test that it shows is the one that is made."""
    shop_in(product, free_port)
    page = (ROOT / "docs" / "tour-recording.md").read_text("utf-8")
    path = f"{Path(sys.executable).parent}:{product.env()['PATH']}"
    env = product.env() | {"PATH": path, "PYTEST_ADDOPTS": "-p no:cacheprovider", "PYTEST_PLUGINS": ""}
    env = {name: value for name, value in env.items() if not name.startswith("PYTEST_XDIST")}
    count = 0
    for step in steps(page.replace(f"127.0.0.1:{PORT}", f"127.0.0.1:{free_port}")):
        match step:
            case File(name, content):
                (product.root / name).write_text(content, "utf-8")
            case Command(line, _):
                done = subprocess.run(
                    ["bash", "-c", line], cwd=product.root, env=env, capture_output=True, text=True,
                    timeout=90, check=False,
                )  # fmt: skip
                output = done.stdout or done.stderr
                assert step.told(output), f"$ {line}\nthe page says:\n{step.says}\nit said:\n{output}"
                count += 1
    assert count > 15
    shown = page.partition("```python\n")[2].partition("```")[0]
    assert shown in (product.root / "test_payments.py").read_text("utf-8")
