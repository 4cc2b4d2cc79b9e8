"""A package of cases like fitz-gov's (see conftest): the five odd ones are asked, the even ones fit the baseline."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from eval import governance
from eval.governance import governance_figures, load_governance
from eval.public_sets import Half, SourceText
from rag.errors import ConfigurationError
from rag.settings import Settings

OTTERS = "Sea otters hold hands while they sleep. They eat urchins and clams."


def test_the_four_categories_are_read_and_no_other(fitz_gov: Path) -> None:
    cases = {case.id: case.mode for case in load_governance(fitz_gov, half="all")}
    assert len(cases) == 9
    assert (cases["abstain_3"], cases["dispute_2"], cases["direct_1"], cases["hedged_1"]) == (
        "abstain",
        "disputed",
        "trustworthy",
        "trustworthy",
    )


def test_the_odd_half_is_asked_and_the_even_one_is_not(fitz_gov: Path) -> None:
    odd, even = ({case.id for case in load_governance(fitz_gov, half=half)} for half in ("odd", "even"))
    assert odd == {"abstain_3", "abstain_5", "dispute_2", "direct_1", "hedged_1"}
    assert even == {"abstain_1", "abstain_2", "dispute_1", "direct_3"}


def test_contexts_are_documents_in_a_folder_of_their_case(fitz_gov: Path) -> None:
    (case,) = [case for case in load_governance(fitz_gov) if case.id == "direct_1"]
    assert case.contexts[0] == SourceText("direct_1/0.txt", OTTERS)
    assert [text.source for text in case.contexts] == ["direct_1/0.txt", "direct_1/1.txt", "direct_1/2.txt"]


def test_a_question_is_asked_of_its_own_contexts_alone(fitz_gov: Path, tmp_path: Path, settings: Settings) -> None:
    # abstain_5 asks what direct_1's contexts answer, and has one about bread
    update = Progress()
    figures = governance_figures(fitz_gov, tmp_path / "cache", settings=settings, bars=lambda title: update)
    assert (figures["abstain_found"].value, figures["abstain_found"].n) == (1.0, 2)
    assert [figures[name].n for name in ("accuracy", "disputed_found", "trustworthy_found")] == [5, 1, 2]
    assert update.last == (5, 5)


def test_accuracy_is_over_all_cases_asked(fitz_gov: Path, tmp_path: Path, settings: Settings) -> None:
    figures = governance_figures(fitz_gov, tmp_path / "cache", settings=settings)
    value = {name: found.value or 0.0 for name, found in figures.items()}
    right = 2 * value["abstain_found"] + value["disputed_found"] + 2 * value["trustworthy_found"]
    assert value["accuracy"] == pytest.approx(right / 5)


def test_the_baseline_knows_shapes_and_not_words(
    fitz_gov: Path, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # one context is to be abstained from, two dispute each other, three are trustworthy, in both halves
    figures = governance_figures(fitz_gov, tmp_path / "cache", settings=settings)
    assert figures["shape_accuracy"].value == 1.0

    def nonsense(package: Path | None = None, *, half: Half = "odd") -> Sequence[governance.GovernanceCase]:
        return [
            replace(
                case,
                contexts=tuple([SourceText(text.source, "word " * len(text.text.split())) for text in case.contexts]),
            )
            for case in load_governance(package, half=half)
        ]

    monkeypatch.setattr(governance, "load_governance", nonsense)
    again = governance_figures(fitz_gov, tmp_path / "cache", settings=settings)
    assert again["shape_accuracy"] == figures["shape_accuracy"]


def test_a_limit_asks_a_fixed_sample(fitz_gov: Path, tmp_path: Path, settings: Settings) -> None:
    figures = governance_figures(fitz_gov, tmp_path / "cache", settings=settings, limit=2)
    assert (figures["accuracy"].n, figures["shape_accuracy"].n) == (2, 2)
    assert governance_figures(fitz_gov, tmp_path / "cache", settings=settings, limit=2) == figures


def test_a_package_that_is_not_installed_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eval.public_sets.find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"pip install .*\.\[eval\]"):
        load_governance()


class Progress:
    """A progress bar that remembers where it was last."""

    last = (0, 0)

    def __call__(self, done: int, total: int) -> None:
        self.last = (done, total)
