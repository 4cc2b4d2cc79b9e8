from pathlib import Path

import pytest

from rag import heads
from rag.errors import ConfigurationError
from rag.heads import Head, load_head, probability


def test_a_head_adds_up_its_weights() -> None:
    assert Head(0.5, {"a": 2.0, "b": -1.0}).log_odds({"a": 1.0, "b": 3.0, "unused": 9.0}) == -0.5


def test_a_missing_feature_is_an_error() -> None:
    with pytest.raises(KeyError):
        Head(0.0, {"a": 1.0}).log_odds({})


def test_probabilities_stay_between_0_and_1() -> None:
    assert probability(0.0) == 0.5
    assert 0.0 <= probability(-1e9) < probability(1e9) <= 1.0


@pytest.mark.parametrize("name", ["selection", "answerable"])
def test_the_shipped_heads_weigh_features_that_exist(name: str) -> None:
    from dataclasses import fields

    from rag.answering.ranking import Features
    from rag.answering.signs import Signs

    known = {
        "selection": {*(one.name for one in fields(Features)), "reader"},
        "answerable": {one.name for one in fields(Signs)},
    }
    assert set(load_head(name).weights) <= known[name]


def test_a_broken_file_is_named_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "heads.json"
    broken.write_text("{}")
    monkeypatch.setattr(heads, "FILE", broken)
    load_head.cache_clear()
    with pytest.raises(ConfigurationError, match=r"heads\.json cannot be read.*train_heads"):
        load_head("selection")
    load_head.cache_clear()
