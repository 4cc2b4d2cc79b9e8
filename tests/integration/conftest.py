"""A real model, SmolLM2-135M behind llama.cpp, and what it made of the gold set, asked once.

It is weak, which is the point: most of what it writes must not be said. `make integration` installs it and runs these
tests; `ATTEST_INTEGRATION_CASES=20 make integration` asks a fixed sample.
"""

import os
import random
import select
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from eval.cases import GoldCase, load_cases
from eval.configurations import Configuration
from eval.corpora import read_corpus
from eval.results import Run
from eval.runner import Place, choose_cases, describe_run, run_cases
from eval.targets import open_engine_target
from rag.settings import Settings

ROOT = Path(__file__).parents[2]
GOLD = ROOT / "eval" / "gold" / "seeds.jsonl"
PYTHON = ROOT / ".attest" / "model-server" / "bin" / "python"
START_SECONDS = 60
ANSWER_TOKENS = 150  # enough for five sentences; this model goes on until it is stopped
_RUN = pytest.StashKey[Run]()


@dataclass(frozen=True)
class Asked:
    """The run, and its cases in the order they were asked."""

    run: Run
    cases: list[GoldCase]


@pytest.fixture(scope="session")
def model_url() -> Iterator[str]:
    """Where the model is served. Where ATTEST_REQUIRE_MODEL_SERVER is set, it must be."""
    if not PYTHON.exists():
        if os.environ.get("ATTEST_REQUIRE_MODEL_SERVER"):
            pytest.fail(f"ATTEST_REQUIRE_MODEL_SERVER is set, but there is no {PYTHON}; run: make model-server")
        pytest.skip("the model server is not installed; run: make model-server")
    command = [PYTHON, ROOT / "scripts" / "serve_smollm2.py"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        try:
            ready, _, _ = select.select([server.stdout], [], [], START_SECONDS)
            url = server.stdout.readline().strip() if ready else ""
            assert url.startswith("http://127.0.0.1:"), f"the model server did not start within {START_SECONDS} s"
            yield url
        finally:
            server.terminate()
            assert server.wait(10) == 0


@pytest.fixture(scope="session")
def settings(model_url: str) -> Settings:
    return Settings.model_validate(
        {
            "chat_model": "smollm2",
            "OPENAI_BASE_URL": model_url,
            "model_first_token_seconds": 120,  # the machine may have more to do
            "model_answer_seconds": 240,
            "model_answer_tokens": ANSWER_TOKENS,
        }
    )


@pytest.fixture(scope="session")
def asked(
    settings: Settings, seeds_index: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Asked:
    sample = os.environ.get("ATTEST_INTEGRATION_CASES")
    cases = choose_cases(load_cases(GOLD), limit=int(sample) if sample else None)
    corpus = read_corpus(ROOT / "seeds")
    place = Place(tmp_path_factory.mktemp("smollm2"), resumed=False)
    drawn = random.Random(0)  # the marks in prompts, so that the model says the same once more
    with (
        pytest.MonkeyPatch.context() as patch,
        open_engine_target(seeds_index, configuration=Configuration("smollm2", settings)) as target,
    ):
        patch.setattr("rag.answering.generation.prompts.new_mark", lambda: f"#{drawn.randrange(10**12):012}")
        patch.setattr("rag.answering.generation.rewriting.new_mark", lambda: f"#{drawn.randrange(10**12):012}")
        info = describe_run("smollm2", target, cases_path=GOLD, corpus=corpus)
        run = run_cases(cases, target, info=info, corpus=corpus, place=place)
    request.config.stash[_RUN] = run
    return Asked(run, cases)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    run = config.stash.get(_RUN, None)
    if run is None:
        return
    terminalreporter.section("What became of the model's answers")
    for line in _told(run):
        terminalreporter.write_line(line)


def _told(run: Run) -> Iterator[str]:
    by_model = [result.answer for result in run.results if result.answer and _was_asked(result.answer)]
    seconds = sum(result.seconds for result in run.results)
    own = [answer for answer in by_model if answer["verdict"] != "abstained" and not answer["degraded"]]
    reasons = Counter(answer["reason"] for answer in by_model if answer["degraded"])
    told = ", ".join(f"{reason}: {count}" for reason, count in reasons.most_common())
    yield f"{len(run.results)} cases asked in {seconds / 60:.1f} minutes; the model was asked in {len(by_model)}."
    yield f"Answers with words of its own: {len(own)}, of {sum(len(answer['sentences']) for answer in own)} sentences."
    yield f"Answers given up for the documents' own words: {sum(reasons.values())} ({told or 'none'})."
    yield f"Abstained although it was asked: {sum(answer['verdict'] == 'abstained' for answer in by_model)}."
    yield (
        f"Sentences dropped: {sum(answer['dropped'] for answer in by_model)}; "
        f"said with mended citations: {sum(answer['repaired'] for answer in by_model)}."
    )


def _was_asked(answer: Mapping[str, Any]) -> bool:
    return bool(answer["usage"]["completion_tokens"] or answer["degraded"])
