"""Schemathesis asks for all that the OpenAPI document describes, and for what it does not, of `attest serve` itself.

`ATTEST_SCHEMA_EXAMPLES` sets how many requests are drawn for each operation, besides those that try every rule of its
schema in turn.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api.keys import KEYS, KeyStore
from rag.bootstrap import open_synchroniser
from rag.corpora import DEFAULT_CORPUS
from rag.settings import Settings
from tests.api.serving import Running, attest_serve

EXAMPLES = os.environ.get("ATTEST_SCHEMA_EXAMPLES", "8")
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
    "response_headers_conformance,allow_header_conformance,unsupported_method,use_after_free"
)
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def data_dir(seeds_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seeds, and three documents that were uploaded, so that there are some to replace and to delete."""
    data_dir = tmp_path_factory.mktemp("described") / "data"
    shutil.copytree(seeds_index, data_dir)
    uploads = data_dir / "uploads"
    uploads.mkdir()
    for name in ("otters", "bridges", "bread"):
        (uploads / f"{name}.txt").write_text(f"All that there is to say of {name} is said here.")
    open_synchroniser(data_dir, settings=Settings.model_validate({})).sync([uploads])
    return data_dir


@pytest.fixture(scope="module")
def server(data_dir: Path) -> Iterator[Running]:
    """It takes little in, so that uploads do not fill the disk; its rate is not limited."""
    with attest_serve(data_dir, data_dir.with_name("log"), ATTEST_MAX_UPLOAD_BYTES="4096") as server:
        yield server


def check(url: str, folder: Path, *options: str, checks: str = CHECKS) -> None:
    """Runs Schemathesis in `folder`; it must find nothing."""
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json", "--checks", checks),
        *("--max-examples", EXAMPLES, "--seed", "1", "--suppress-health-check", "all", "--no-shrink"),
        *("--request-timeout", "60", "--warnings", "off", *options),
    ]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.api.schemathesis_hooks"}
    ran = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_an_open_server_does_what_it_says(server: Running, tmp_path: Path) -> None:
    check(server.url, tmp_path)
    described = httpx.get(f"{server.url}/openapi.json").json()["paths"]
    operations = {(method.upper(), path) for path, methods in described.items() for method in methods}
    succeeded = {
        (line["method"], path)
        for line in server.lines()
        if line["message"] == "request" and line["status"] < 300
        for path in described
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), line["path"])
    }
    probes = {("GET", path) for path in ("/healthz", "/readyz", "/metrics")}  # not logged
    assert succeeded == operations - probes  # each was tried in earnest


def test_a_stream_of_events_is_as_described(server: Running, tmp_path: Path) -> None:
    check(server.url, tmp_path, "--include-path", "/v1/ask", "--header", "Accept: text/event-stream")


def test_a_server_with_keys_does_what_it_says(server: Running, data_dir: Path, tmp_path: Path) -> None:
    keys = KeyStore(data_dir / KEYS)
    _, all_of_it = keys.create(name="all")
    _, reading = keys.create(name="reads", corpora=[DEFAULT_CORPUS], read_only=True)
    try:
        check(server.url, tmp_path)
        check(server.url, tmp_path, "--header", f"Authorization: Bearer {reading}")
        check(server.url, tmp_path, "--header", f"Authorization: Bearer {all_of_it}", checks=f"{CHECKS},ignored_auth")
    finally:
        (data_dir / KEYS).unlink()
