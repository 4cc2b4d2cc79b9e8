"""Chromium at the page of `attest serve`, over the seeds and over small corpora made for what the seeds lack."""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from rag.bootstrap import open_synchroniser
from rag.settings import Settings
from tests.api.serving import Running, attest_serve
from tests.web.visiting import Visitor

Visit = Callable[..., Visitor]
"""Opens a path on a page of its own; `url` names another server, and options are those of a browser's context."""

HOSTILE_NAME = "<img src=x onerror=alert(1)> [go](javascript:alert(2)).md"
HOSTILE_TITLE = "<script>alert(3)</script><b>Dam</b>"
HOSTILE_PUBLISHER = '"><img src=https://evil.example/publisher onerror=alert(4)>'
HOSTILE_TEXT = """\
The Tarn dam <img src=x onerror=alert(5)> was finished in 1931, said <script>alert(6)</script> warden Olaf Berg.

The Tarn dam's keeper is **Ada Lund** ![x](https://evil.example/pixel.png) and [no one else](javascript:alert(7)).

<iframe src="https://evil.example/"></iframe><style>body{display:none}</style><a href="https://evil.example/">x</a>
"""
CORPORA: Mapping[str, Mapping[str, str]] = {
    "museum": {
        "harbour.txt": "The museum's director, Ada Lund, spoke at the harbour on Monday.",
        "gala.txt": "Museum director Olaf Berg spoke at the gala.",
        "corpus.toml": """\
[documents."harbour.txt"]
title = "A day at the harbour"
publisher = "The Tarn Echo"
published = "2024-03-01"
[documents."gala.txt"]
title = "Gala night"
publisher = "The Ouse Times"
published = "2024-03-05"
""",
    },
    "reef": {
        "notes.txt": "Field notes 🦦🌊 of the coast\r\n\r\nThe crew 👩‍🚀 sailed early.\r\n\r\n"
        "The reserve opened in 2019. Warden Mira Olsen counts 214 otters 🦦 in\r\nthe reserve each spring. The 🌊 tide "
        "was low.\r\n"
    },
    "hostile": {
        HOSTILE_NAME: HOSTILE_TEXT,
        "corpus.toml": f"[documents.{json.dumps(HOSTILE_NAME)}]\ntitle = {json.dumps(HOSTILE_TITLE)}\n"
        f"publisher = {json.dumps(HOSTILE_PUBLISHER)}\n",
    },
}


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is. Where ATTEST_REQUIRE_CHROMIUM is set, it must be there."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        if os.environ.get("ATTEST_REQUIRE_CHROMIUM"):
            pytest.fail("ATTEST_REQUIRE_CHROMIUM is set, but there is no chromium on the PATH")
        pytest.skip("no chromium on the PATH")
    return found


@pytest.fixture(scope="session")
def served(chromium: str, seeds_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The server that most tests share. Nobody may change its documents; `desk` is for that."""
    folder = tmp_path_factory.mktemp("web")
    shutil.copytree(seeds_index, folder / "data")
    for name, files in CORPORA.items():
        (folder / name).mkdir()
        for file, text in files.items():
            (folder / name / file).write_bytes(text.encode())
        synchroniser = open_synchroniser(folder / "data" / "corpora" / name, settings=Settings.model_validate({}))
        assert synchroniser.sync([folder / name]).failed == []
    with attest_serve(folder / "data", folder / "log") as served:
        yield served


@pytest.fixture
def desk(served: Running) -> str:
    """An empty corpus of that server, for one test to put documents in."""
    corpora = served.log.parent / "data" / "corpora"
    name = f"desk-{len(list(corpora.iterdir()))}"
    (corpora / name).mkdir()
    return name


@pytest.fixture(scope="module")  # Playwright keeps an event loop running, which other modules' tests must not meet
def browser(chromium: str) -> Iterator[Browser]:
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser, served: Running) -> Iterator[Visit]:
    """Nothing that `Visitor` notes may happen in any test."""
    visitors = []
    with ExitStack() as stack:

        def start(path: str = "/", *, url: str = served.url, **options: Any) -> Visitor:
            context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
            stack.callback(context.close)
            context.set_default_timeout(20_000)
            context.grant_permissions(["clipboard-read", "clipboard-write"], origin=url)
            visitors.append(Visitor(context.new_page(), url))
            return visitors[-1].open(path)

        yield start
    assert [noted for visitor in visitors for noted in visitor.noted] == []
