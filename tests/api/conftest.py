"""Servers of the whole application on real sockets: over the seeds, and over a folder that a test may write to."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.app import create_app
from rag.bootstrap import open_corpora
from rag.settings import ServerSettings
from tests.api.serving import serving

Serve = Callable[..., httpx.Client]
"""Given settings (`data_dir` at least), a client of a server that has them; it stops when the test ends."""


def make_settings(data_dir: Path, **values: Any) -> ServerSettings:
    return ServerSettings.model_validate({"data_dir": data_dir, "requests_per_minute": 0, **values})


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:

        def start(data_dir: Path, **values: Any) -> httpx.Client:
            settings = make_settings(data_dir, **values)
            served = stack.enter_context(serving(create_app(open_corpora(settings), settings=settings)))
            return stack.enter_context(httpx.Client(base_url=served.url, timeout=60))

        yield start


@pytest.fixture(scope="session")
def seeds(seeds_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a server over the seeds, which all tests share: they may converse, and change no document."""
    data_dir = tmp_path_factory.mktemp("served") / "data"
    shutil.copytree(seeds_index, data_dir)
    settings = make_settings(data_dir)
    with (
        serving(create_app(open_corpora(settings), settings=settings)) as served,
        httpx.Client(base_url=served.url, timeout=60) as client,
    ):
        yield client
