"""The measure of faults with the real engine over a made-up town, and with engines that are wrong on purpose."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eval.cases import load_cases
from eval.cli import app
from eval.corpora import read_corpus, texts
from eval.fault_sentences import FAULT_KINDS
from eval.faults import (
    MODEL_SENTENCES,
    Tally,
    ask_all,
    check_model_sentences,
    gold_questions,
    half_of,
    statements,
)
from eval.metrics import Figure
from eval.results import CorpusDocument
from eval.scripted_model import Written
from eval.sessions import DEFAULT_SET
from rag.answering.citations import DraftSentence, Quote
from rag.answering.filtering import plain_text
from rag.answering.generation.markers import split_at_markers
from rag.answering.generation.verifying import Checked, Verifier
from rag.bootstrap import open_synchroniser
from rag.settings import Settings

KELP = Path(__file__).parents[1] / "rag/data/kelp"
QUESTIONS = [
    "How much is the new fare of the ferry?",
    "Who built the Old Pier?",
    "Who announced a boycott of the ferry?",
    "How long did the flood close Market Street?",
    "What is the only way to the hospital?",
]
METRICS = [*(f"caught_{kind}" for kind in FAULT_KINDS), "true_dropped", "citation_exact"]


@pytest.fixture(scope="module")
def corpus() -> list[CorpusDocument]:
    return read_corpus(KELP)


@pytest.fixture(scope="module")
def kelp_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("kelp")
    open_synchroniser(data, settings=Settings.model_construct()).sync([KELP])
    return data


@pytest.fixture(scope="module")
def measured(kelp_index: Path, corpus: list[CorpusDocument]) -> Tally:
    return ask_all(kelp_index, QUESTIONS, texts(corpus), settings=Settings.model_construct())


def shares(tally: Tally) -> dict[str, float | None]:
    return {name: found.value for name, found in tally.figures().items()}


class Believer(Verifier):
    """Says whatever a model does, proved by the first sentence it finds."""

    def check(self, sentence: str) -> Checked:
        said = plain_text("".join(stretch.text for stretch in split_at_markers(sentence)))
        place = self._places[0]
        own = place.sentences[0]
        return Checked("kept", DraftSentence(said, own.text, (Quote(place.document, own.start, own.end, own.text),)))


class Doubter(Verifier):
    """Says nothing."""

    def check(self, sentence: str) -> Checked:
        return Checked("unsupported")


def test_the_engine_catches_nearly_all_faults_and_says_nearly_all_true_sentences(measured: Tally) -> None:
    found = shares(measured)
    assert all(measured.caught.values())
    assert sum(caught for share in measured.caught.values() for _, caught in share) >= 0.95 * sum(
        map(len, measured.caught.values())
    )
    assert (found["true_dropped"] or 0) <= 0.1
    assert found["citation_exact"] == 1


def test_every_kind_is_slipped_in_once_a_question_at_most(measured: Tally) -> None:
    for share in measured.caught.values():
        asked = [question for question, _ in share]
        assert len(asked) == len(set(asked))
        assert set(asked) <= set(QUESTIONS)
    assert {question for question, _ in measured.dropped} == set(QUESTIONS)


def test_what_a_sentence_waits_for_is_timed(measured: Tally) -> None:
    times = measured.times()
    assert list(times) == ["sentence_ms_p50", "sentence_ms_p95"]
    assert 0 < (times["sentence_ms_p50"] or 0) <= (times["sentence_ms_p95"] or 0) < 1_000


def test_equal_seeds_give_equal_tallies(measured: Tally, kelp_index: Path, corpus: list[CorpusDocument]) -> None:
    again = ask_all(kelp_index, QUESTIONS, texts(corpus), settings=Settings.model_construct())
    assert (again.caught, again.dropped, again.mistakes) == (measured.caught, measured.dropped, measured.mistakes)


def test_a_verifier_that_says_everything_catches_nothing(
    monkeypatch: pytest.MonkeyPatch, kelp_index: Path, corpus: list[CorpusDocument], measured: Tally
) -> None:
    monkeypatch.setattr("rag.answering.generation.writing.Verifier", Believer)
    tally = ask_all(kelp_index, QUESTIONS, texts(corpus), settings=Settings.model_construct())
    assert shares(tally) == {**dict.fromkeys(METRICS, 0.0), "citation_exact": 1.0}
    assert len(tally.mistakes) == sum(map(len, tally.caught.values()))
    assert list(map(len, tally.caught.values())) == list(map(len, measured.caught.values()))


def test_a_verifier_that_says_nothing_drops_everything_true(
    monkeypatch: pytest.MonkeyPatch, kelp_index: Path, corpus: list[CorpusDocument]
) -> None:
    monkeypatch.setattr("rag.answering.generation.writing.Verifier", Doubter)
    tally = ask_all(kelp_index, QUESTIONS[:2], texts(corpus), settings=Settings.model_construct())
    assert set(shares(tally).values()) == {1.0}  # the documents then speak for themselves, exactly
    assert all(mistake.startswith("true_dropped: ") for mistake in tally.mistakes)
    assert len(tally.mistakes) == len(tally.dropped) > 0


def test_a_citation_that_is_not_the_documents_words_is_seen(kelp_index: Path, corpus: list[CorpusDocument]) -> None:
    moved = {source: f" {text}" for source, text in texts(corpus).items()}
    tally = ask_all(kelp_index, QUESTIONS[:1], moved, settings=Settings.model_construct())
    assert shares(tally)["citation_exact"] == 0


def test_where_the_model_is_not_asked_no_sentence_counts(kelp_index: Path, corpus: list[CorpusDocument]) -> None:
    asked = ["What is the boiling point of tungsten?"]
    tally = ask_all(kelp_index, asked, texts(corpus), settings=Settings.model_construct())
    assert {found.n for found in tally.figures().values()} == {0}
    assert tally.times() == {"sentence_ms_p50": None, "sentence_ms_p95": None}


def test_a_tally_counts_false_sentences_by_kind_and_true_ones_apart() -> None:
    tally = Tally()
    tally.add("a", Written("", "Two boats sank.", "changed_number"), said=False)
    tally.add("b", Written("", "Six boats sank.", "changed_number"), said=True)
    tally.add("a", Written("", "Five boats sank."), said=True)
    tally.add("b", Written("", "No boat sailed."), said=False)
    assert (tally.caught["changed_number"], tally.dropped) == ([("a", 1.0), ("b", 0.0)], [("a", 0.0), ("b", 1.0)])
    assert tally.mistakes == ["changed_number: Six boats sank.", "true_dropped: No boat sailed."]
    assert list(tally.figures()) == METRICS
    assert tally.figures()["caught_invented_fact"] == Figure(None, None, None, 0)


@pytest.mark.parametrize(
    ("hits", "interval"),
    [(10, (0.722, 1.0)), (0, (0.0, 0.278)), (8, (0.490, 0.943))],  # Wilson, of ten
)
def test_the_interval_has_a_width_though_all_are_alike(hits: int, interval: tuple[float, float]) -> None:
    tally = Tally(exact=[(str(one), float(one < hits)) for one in range(10)])
    found = tally.figures()["citation_exact"]
    assert (found.low, found.high) == pytest.approx(interval, abs=0.0006)
    assert (found.value, found.n) == (hits / 10, 10)


def test_many_of_one_question_make_no_interval_narrower() -> None:
    one, many = ([(str(n), 1.0) for n in range(10)] * times for times in (1, 20))
    narrow, wide = (Tally(exact=share).figures()["citation_exact"] for share in (many, one))
    assert (narrow.low, narrow.high) == (wide.low, wide.high)
    assert (narrow.n, wide.n) == (200, 10)


def test_sentences_written_by_hand_belong_to_one_half_each(corpus: list[CorpusDocument]) -> None:
    tune, test, both = (check_model_sentences(corpus, split=split) for split in ("tune", "test", None))
    assert len(tune.dropped) + len(test.dropped) == len(both.dropped) > len(test.dropped) > 0
    assert {half_of(text) for text, _ in tune.dropped} == {"tune"}
    assert {half_of(text) for text, _ in test.dropped} == {"test"}


def test_sentences_written_by_hand_are_mostly_kept_and_their_faults_caught(corpus: list[CorpusDocument]) -> None:
    tally = check_model_sentences(corpus, split=None)
    faults = [caught for share in tally.caught.values() for _, caught in share]
    assert len(faults) > 2 * len(tally.dropped)
    assert sum(faults) >= 0.95 * len(faults)
    assert sum(dropped for _, dropped in tally.dropped) <= 0.1 * len(tally.dropped)


def test_every_sentence_written_by_hand_is_about_a_document_that_there_is() -> None:
    records = [json.loads(line) for line in MODEL_SENTENCES.read_text(encoding="utf-8").splitlines()]
    folders = {"kelp": KELP, "seeds": Path(__file__).parents[2] / "seeds"}
    assert [one for one in records if not (folders[one["corpus"]] / one["source"]).is_file()] == []
    assert len({one["text"] for one in records}) == len(records)


def test_questions_of_a_gold_set_need_no_conversation_and_have_a_half() -> None:
    tune, test, both = (gold_questions(DEFAULT_SET, split=split) for split in ("tune", "test", None))
    assert sorted(both) == sorted(tune + test)
    assert both == [case.question for case in load_cases(DEFAULT_SET) if not case.history]


def test_statements_are_sentences_and_no_headings_or_questions() -> None:
    document = CorpusDocument("d.md", "# The flood\n\nThe flood came at night. Who was hurt? Nobody was hurt.")
    assert statements([document]) == ["The flood came at night.", "Nobody was hurt."]


def test_the_command_prints_a_figure_with_its_interval_for_each_metric(tmp_path: Path) -> None:
    arguments = ["eval", "faults", "--corpus", str(KELP), "--cache", str(tmp_path), "--limit", "2", "--json"]
    run = CliRunner().invoke(app, arguments)
    assert run.exit_code == 0, run.output
    found = json.loads(run.stdout)
    assert list(found) == [str(KELP), f"{KELP}, by hand"]
    for tally in found.values():
        assert list(tally) == [*METRICS, "sentence_ms_p50", "sentence_ms_p95"]
        assert all(list(tally[name]) == ["value", "low", "high", "n"] for name in METRICS)
    assert found[str(KELP)]["true_dropped"]["n"] > 0
    assert found[str(KELP)]["citation_exact"]["value"] == 1
    assert found[str(KELP)]["sentence_ms_p95"] > 0


def test_the_table_has_the_figures_and_what_went_wrong_on_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.answering.generation.writing.Verifier", Believer)
    arguments = ["eval", "faults", "--corpus", str(KELP), "--cache", str(tmp_path), "--limit", "2", "--missed"]
    run = CliRunner().invoke(app, arguments)
    assert run.exit_code == 0, run.output
    lines = [line.split() for line in run.stdout.splitlines()]
    assert lines[0] == [str(KELP)]
    assert lines[1][:2] == ["caught_changed_number", "0.000"]
    assert f"{KELP}: invented_fact: " in run.stderr
