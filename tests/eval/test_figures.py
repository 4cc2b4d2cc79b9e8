"""The retrieval figures that were promised, on the public data in `../shared/data`: `pytest -m benchmark`."""

from pathlib import Path

import pytest

from eval.metrics import Figure
from eval.public_sets import load_set
from eval.retrieval import evaluate
from rag.settings import Settings

DATA = Path(__file__).parents[3] / "shared" / "data"

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"no public data in {DATA}"),
]


def value(figures: dict[str, Figure], name: str) -> float:
    found = figures[name].value
    assert found is not None
    return found


def test_the_public_sets_have_their_published_sizes() -> None:
    fitz, squad, chunking = (load_set(name, DATA, half="all") for name in ("fitz-gov", "squad2", "chunking"))
    assert (len(fitz.documents), len(fitz.questions)) == (5_043 - 28, 2_664)  # 28 have no text
    assert (len(squad.documents), len(squad.questions)) == (320, 1_440)
    assert (len(chunking.documents), len(chunking.questions)) == (5, 472)
    assert sum(len(load_set("fitz-gov", None, half=half).questions) for half in ("odd", "even")) == 2_664


def test_a_right_document_of_fitz_gov_is_among_the_first_five(settings: Settings, tmp_path: Path) -> None:
    figures = evaluate(load_set("fitz-gov", None), tmp_path, settings=settings)
    assert value(figures, "hit@5_or_copy") >= 0.88


def test_the_right_paragraph_of_squad_comes_first(settings: Settings, tmp_path: Path) -> None:
    figures = evaluate(load_set("squad2", DATA), tmp_path, settings=settings)
    assert value(figures, "hit@1") >= 0.83
    assert value(figures, "hit@5") >= 0.96


def test_more_of_the_gold_characters_are_shown_than_by_keywords_alone(settings: Settings, tmp_path: Path) -> None:
    figures = evaluate(load_set("chunking", DATA), tmp_path, settings=settings)
    assert value(figures, "recall") > 0.832
    assert value(figures, "all_recall") > 0.832
