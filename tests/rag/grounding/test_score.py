"""`rag.grounding.score`: the committed weights, and what they may not do."""

import random
import time
from pathlib import Path

import pytest

from rag.errors import ConfigurationError
from rag.grounding.features import COVERAGES, VIOLATIONS
from rag.grounding.score import LEAST_SUPPORT, VETOED, VETOES, judge_support, load_model

DATA = Path(__file__).parents[4] / "shared" / "data"


def test_no_coverage_speaks_against_a_claim_and_no_violation_for_it() -> None:
    weights = load_model().weights.of
    assert set(weights) == {*COVERAGES, *VIOLATIONS}
    assert all(weights[name] >= 0 for name in COVERAGES)
    assert all(weights[name] < 0 for name in VIOLATIONS)


def test_the_labels_part_the_scale_around_the_threshold() -> None:
    model = load_model()
    low, high = model.cannot_tell
    assert VETOED < low < LEAST_SUPPORT < high < 1
    assert [model.label(score) for score in (0.0, low - 0.01, low, high, high + 0.01, 1.0)] == [
        "not_supported", "not_supported", "cannot_tell", "cannot_tell", "supported", "supported",
    ]  # fmt: skip


@pytest.mark.parametrize("veto", VETOES)
def test_a_veto_leaves_no_claim_standing(veto: str) -> None:
    features = dict.fromkeys(COVERAGES, 1.0) | dict.fromkeys(VIOLATIONS, 0.0)
    model = load_model()
    assert model.label(model.weights.score(features)) == "supported"
    assert model.label(model.weights.score(features | {veto: 1.0})) == "not_supported"


def test_a_claim_is_judged_in_milliseconds() -> None:
    generator = random.Random(0)
    vocabulary = [f"word{number}" for number in range(900)]
    page = ". ".join(" ".join(generator.choices(vocabulary, k=20)).capitalize() for _ in range(100))
    claim = " ".join(generator.choices(vocabulary, k=20)) + " on 4 September 2025, Karim Khan said, for 300 people."
    judge_support(claim, [page])
    began = time.process_time()
    judge_support(claim, [page])
    assert time.process_time() - began < 0.1  # about 0.01 s


def test_a_missing_model_file_is_reported_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.grounding.score.MODEL", tmp_path / "support.json")
    load_model.cache_clear()
    with pytest.raises(ConfigurationError, match=r"support\.json cannot be read .* scripts/train_support\.py"):
        load_model()
    (tmp_path / "support.json").write_text('{"cannot_tell": [0.4]}')
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_model()
    load_model.cache_clear()


@pytest.mark.benchmark
def test_the_committed_weights_are_what_the_script_learns() -> None:
    from scripts.train_support import Data, fit, read_rows

    data = Data.of(list(read_rows(DATA)))
    learned, stored = fit(data, data.labels | ~data.labels), load_model().weights
    assert learned.intercept == pytest.approx(stored.intercept, abs=1e-3)
    assert learned.of == pytest.approx(stored.of, abs=1e-3)
