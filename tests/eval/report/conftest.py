"""Two small runs over three cases, worked out by hand.

case     expects     A gives                                    B gives
diet     answered    both points, evidence cited: right         one of two points
weight   abstained   an answer whose quote is not there         abstained: right
sleep    answered    nothing, it failed                         its point, evidence cited: right
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from eval.cases import AnswerPoint, Evidence, GoldCase, QuoteRef, Turn, WrongClaim
from eval.report import write_report
from eval.results import CaseResult, CorpusDocument, Run, RunInfo

TEXT = "Sea otters hold hands while they sleep. They eat urchins and clams."
SLEEP, DIET = TEXT[:39], TEXT[40:]

CASES = (
    GoldCase(
        id="diet",
        question="What do sea otters eat?",
        type="list",
        verdict="answered",
        answer_points=(AnswerPoint("urchins", ("urchins",)), AnswerPoint("clams", ("clams",))),
        evidence=(Evidence((QuoteRef("otters.txt", DIET),)),),
        must_not=(WrongClaim("they eat fish", ("fish",)),),
    ),
    GoldCase(id="weight", question="How heavy is one?", type="unanswerable_near_miss", verdict="abstained"),
    GoldCase(
        id="sleep",
        question="And while they sleep?",
        type="follow_up",
        verdict="answered",
        answer_points=(AnswerPoint("they hold hands", ("hold hands",)),),
        evidence=(Evidence((QuoteRef("otters.txt", SLEEP),)),),
        history=(Turn("user", "What do sea otters eat?"), Turn("assistant", "Urchins and clams.")),
        note="Asked after the diet.",
    ),
)


def answer(text: str, *, start: int = 0, quote: str | None = None, verdict: str = "answered") -> dict[str, Any]:
    """A one-sentence answer that cites `quote` of otters.txt at `start`."""
    quote = text if quote is None else quote
    citation = {"marker": 1, "document_id": "d1", "source": "otters.txt", "title": "Otters", "published": "2024-05-01"}
    return {
        "question": "",
        "verdict": verdict,
        "reason": None,
        "text": f"{text} [1]",
        "sentences": [{"text": text, "citations": [1], "support": 1.0}],
        "citations": [{**citation, "version": "sha256:0", "start": start, "end": start + len(quote), "quote": quote}],
        "passages": [{"document_id": "d1", "source": "otters.txt", "start": 0, "end": len(TEXT), "text": TEXT}],
        "model": "extractive",
        "degraded": False,
        "usage": {"prompt_tokens": 0, "completion_tokens": 0},
        "timings_ms": {"retrieve": 4.0, "answer": 2.0, "verify": 1.0, "total": 7.0},
        "conversation_id": None,
    }


ABSTENTION = {
    **answer(""),
    "verdict": "abstained",
    "reason": "no_evidence",
    "text": "",
    "sentences": [],
    "citations": [],
}


def make_run(name: str, answers: Mapping[str, dict[str, Any] | str]) -> Run:
    """A run of these answers by case; a string is the failure of a case."""
    info = RunInfo(
        name=name,
        identity=f"sha256:{name}",
        started="2026-01-02T03:04:05+00:00",
        target="attest",
        configuration={"chunk_tokens": 180},
        cases_path="gold.jsonl",
        cases_hash="sha256:cafe",
        versions={"attest": "0.1.0"},
    )
    results = [
        CaseResult(case_id, None, given, 1.0) if isinstance(given, str) else CaseResult(case_id, given, None, 0.5)
        for case_id, given in answers.items()
    ]
    return Run(Path(name), info, results, {"otters.txt": CorpusDocument("otters.txt", TEXT, title="Otters")})


@pytest.fixture
def first() -> Run:
    invented = answer("Sea otters weigh 30 kilos.", start=5)
    return make_run("first", {"diet": answer(DIET, start=40), "weight": invented, "sleep": "TimeoutError: too slow"})


@pytest.fixture
def second() -> Run:
    half = answer("They eat urchins.", start=40, quote="They eat urchins")
    return make_run("second", {"diet": half, "weight": dict(ABSTENTION), "sleep": answer(SLEEP)})


@pytest.fixture
def cases() -> list[GoldCase]:
    return list(CASES)


Written = Callable[..., Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Writes a report and gives the folder of its three files."""

    def write(cases: list[GoldCase], *runs: Run) -> Path:
        write_report(tmp_path / "report", cases, list(runs))
        return tmp_path / "report"

    return write
