"""A Compose project as it is: hard-coded names and ports, two HTTP services on one port, every call on its own edge."""

import json
import os
import subprocess

import pytest

from support_docker import ADDRESS, BASE, Leftovers
from support_product import Product, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.docker, pytest.mark.timeout(200)]

COMPOSE = f"""
services:
  web:
    image: {BASE}
    init: true
    command: sh -c 'echo web > /www/index.html; exec httpd -f -p 8080 -h /www'
    ports: ["@port@:8080"]
    depends_on:
      api: {{condition: service_healthy}}
      cache: {{condition: service_started}}
  api:
    image: {BASE}
    init: true
    command: sh -c 'echo api > /www/index.html; exec httpd -f -p 8080 -h /www'
    expose: ["8080"]
    healthcheck: {{test: ["CMD", "wget", "-qO-", "http://localhost:8080/"], interval: 1s}}
    environment: {{CACHE: "cache:6379"}}
  worker:
    image: {BASE}
    init: true
    command: >-
      sh -c 'while :; do wget -qO- http://web:8080/ http://api:8080/; echo PING | nc -w 1 cache 6379;
      echo Q | nc -w 1 postgres 5432; sleep 0.3; done'
    depends_on: [web, db]
    secrets: [token]
  cache:
    image: {BASE}
    init: true
    command: nc -ll -p 6379 -e sh -c 'read x; echo +PONG'
    volumes: ["data:/data"]
    expose: ["6379"]
  db:
    image: {BASE}
    init: true
    command: nc -ll -p 5432 -e sh -c 'read x; echo row'
    expose: ["5432"]
    networks: {{default: {{aliases: [postgres]}}}}
secrets:
  token: {{file: ./token}}
volumes:
  data: {{}}
"""

MARKS = ("MESHDEV_RUN", "MESHDEV_INSTANCE", "MESHDEV_GENERATION")


def edges(product: Product) -> dict[str, int]:
    """Requests or connections by edge, ``caller -> callee``."""
    found = json.loads(product.run("edges", "--json").stdout)
    return {f"{one['caller']} -> {one['callee']}": one["requests"] for one in found}


def test_a_compose_project_as_it_is(product: Product, free_port: int) -> None:
    """Up from its own file: who calls whom is known, a fault acts on one edge, and nothing is left."""
    (product.root / "compose.yml").write_text(COMPOSE.replace("@port@", str(free_port)))
    (product.root / "token").write_text("secret\n")
    left = Leftovers(product.root)
    product.run("up", "-f", "compose.yml", "-d", "--wait", timeout=90)
    callees = ("web", "api", "cache", "db")
    eventually(lambda: all(edges(product).get(f"worker -> {name}") for name in callees), 30)
    assert edges(product)["outside -> web"] == 0
    said = product.run("logs", "worker").stdout
    assert all(word in said for word in ("web", "api", "+PONG", "row"))
    assert product.run("run", "worker", "--", "cat", "/run/secrets/token").stdout == "secret\n"
    seen = {line.partition("=")[0] for line in product.run("run", "api", "--", "env").stdout.splitlines()}
    assert seen == {"CACHE", "HOME", "HOSTNAME", "PATH", "PYTHONUNBUFFERED", *MARKS}

    product.run("fault", "add", "worker -> api", "status=503")
    eventually(lambda: "503" in product.run("logs", "worker").stdout, 30)
    refused = product.run("fault", "add", "api", "cpu=50%", check=2).stderr
    assert "cpu cannot act on containers (api)" in refused
    assert len(left.containers()) == 5
    product.run("down", "--volumes", timeout=60)
    assert left.none()
    assert left.volumes() == []


EXTERNAL = f"""
services:
  asking:
    image: {BASE}
    init: true
    command: >-
      sh -c 'mkdir -p /www; echo within > /www/index.html; httpd -p 8080 -h /www;
      while :; do wget -qO- http://stranger:8080/; sleep 0.2; done'
    networks: {{default: {{}}, wide: {{aliases: [asked]}}}}
networks:
  wide: {{external: true, name: @wide@}}
"""


def test_an_external_network_is_joined(product: Product) -> None:
    """Whoever is in it is found by name, and finds the project's by theirs; without it the way out is told."""
    wide = f"meshdev-test-{product.root.parent.name}"
    (product.root / "compose.yml").write_text(EXTERNAL.replace("@wide@", wide))
    stranger = f"{wide}-stranger"
    product.run("up", "-f", "compose.yml", "-d")
    eventually(lambda: product.status()["asking"]["phase"] == "gave-up", 30)
    why = product.status()["asking"]["why"]
    assert f"there is no network {wide}" in why
    assert f"docker network create {wide}" in why
    docker("network", "create", wide)
    try:
        serve = "mkdir -p /www; echo beyond > /www/index.html; exec httpd -f -p 8080 -h /www"
        run = ("run", "-d", "--rm", "--init", "--name", stranger, "--network", wide)
        docker(*run, "--network-alias", "stranger", BASE, "sh", "-c", serve)
        product.run("restart", "asking", timeout=60)
        eventually(lambda: "beyond" in product.run("logs", "asking").stdout, 30)
        for name in ("asking", "asked"):
            assert docker("exec", stranger, "wget", "-qO-", f"http://{name}:8080/") == "within\n"
    finally:
        product.run("down", timeout=60)
        docker("rm", "-f", stranger)
        docker("network", "rm", wide)


def docker(*arguments: str) -> str:
    """What a docker command says."""
    environ = {**os.environ, "DOCKER_HOST": ADDRESS}
    done = subprocess.run(("docker", *arguments), env=environ, capture_output=True, text=True, check=True)
    return done.stdout
