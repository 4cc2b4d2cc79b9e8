import json
from pathlib import Path

import pytest

from eval.public_sets import RetrievalQuestion, RetrievalSet, SourceText, load_chunking, load_fitz_gov, load_squad2
from eval.retrieval import evaluate, sample, write_corpus
from rag.corpus.loading import list_files, read_sidecar
from rag.settings import Settings


def test_right_paragraphs_are_found_through_the_engine(public_data: Path, tmp_path: Path, settings: Settings) -> None:
    figures = evaluate(load_squad2(public_data), tmp_path / "cache", settings=settings)
    # both questions have their paragraph first, so each share is 2 of 2 and each reciprocal rank 1
    assert {name: figures[name].value for name in ("hit@1", "hit@5", "mrr@10", "hit@5_passages")} == {
        "hit@1": 1,
        "hit@5": 1,
        "mrr@10": 1,
        "hit@5_passages": 1,
    }
    assert figures["hit@1"].n == 2
    assert figures["search_ms_p50"].value is not None
    assert figures["search_ms_p50"].value > 0


def test_a_wrong_label_costs_what_it_should(public_data: Path, tmp_path: Path, settings: Settings) -> None:
    data = load_squad2(public_data)
    other = {"Sea_otter/000.txt": "Sea_otter/001.txt", "Sea_otter/001.txt": "Sea_otter/000.txt"}
    swapped = tuple(
        RetrievalQuestion(asked.question_id, asked.text, frozenset(other[source] for source in asked.relevant))
        for asked in data.questions
    )
    figures = evaluate(RetrievalSet(data.name, data.documents, swapped), tmp_path / "cache", settings=settings)
    # the paragraph that is labelled right now comes second of two: never first, reciprocal rank 1/2
    assert (figures["hit@1"].value, figures["hit@5"].value, figures["mrr@10"].value) == (0, 1, 0.5)


def test_spans_are_scored_against_the_passages_shown(public_data: Path, tmp_path: Path, settings: Settings) -> None:
    figures = evaluate(load_chunking(public_data), tmp_path / "cache", settings=settings)
    # animals.md is one chunk of 67 + 4 + 68 = 139 characters, works.md one of 55; in its own corpus each question
    # is shown that chunk and its gold is inside: recall 1, precision 31/139 and 22/55, IoU the same
    assert figures["recall"].value == 1
    expected = (31 / 139 + 22 / 55) / 2
    assert figures["precision"].value == pytest.approx(expected)
    assert figures["iou"].value == pytest.approx(expected)
    assert figures["passage_characters"].value == (139 + 55) / 2
    # over both corpora each question is shown 139 + 55 characters
    assert figures["all_recall"].value == 1
    assert figures["all_precision"].value == pytest.approx((31 / 194 + 22 / 194) / 2)
    assert figures["all_passage_characters"].n == 4


def test_a_copy_of_the_right_document_counts_apart(tmp_path: Path, settings: Settings) -> None:
    text = "Rye bread needs a sour starter."
    documents = (SourceText("a.txt", text), SourceText("b.txt", text), SourceText("c.txt", "Otters sleep afloat."))
    asked = tuple(RetrievalQuestion(name, "What does rye bread need?", frozenset([f"{name}.txt"])) for name in "ab")
    figures = evaluate(RetrievalSet("fitz-gov", documents, asked), tmp_path / "cache", settings=settings)
    # copies are collapsed, so one of a and b is shown for both: by id one of the two questions misses, by text none
    assert [figures[name].value for name in ("hit@5", "hit@5_by_id")] == [1, 0.5]


def test_a_second_run_indexes_nothing(fitz_gov: Path, tmp_path: Path, settings: Settings) -> None:
    data = load_fitz_gov(fitz_gov, half="all")
    first = evaluate(data, tmp_path / "cache", settings=settings)
    told: list[tuple[str, int, int]] = []

    def bars(label: str):  # type: ignore[no-untyped-def]
        return lambda done, total: told.append((label, done, total))

    second = evaluate(data, tmp_path / "cache", settings=settings, bars=bars)
    assert [label for label, _, _ in told] == ["Asking fitz-gov"] * 3
    assert told[-1][1:] == (3, 3)
    assert {name: first[name] for name in first if name != "search_ms_p50"} == {
        name: second[name] for name in second if name != "search_ms_p50"
    }


@pytest.mark.parametrize("old", [{"schema": 0}, {"chunks": 0}, {"embedding_model": "another"}])
def test_a_cached_index_that_cannot_be_used_is_made_again(
    public_data: Path, tmp_path: Path, settings: Settings, old: dict[str, object]
) -> None:
    data = load_squad2(public_data)
    evaluate(data, tmp_path / "cache", settings=settings)
    (manifest,) = (tmp_path / "cache" / "index" / "generations").glob("*/manifest.json")
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | old))
    assert evaluate(data, tmp_path / "cache", settings=settings)["hit@1"].value == 1


def test_the_corpus_folder_holds_exactly_the_set(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    write_corpus([SourceText("a/x.txt", "one\r\n"), SourceText("old.txt", "gone")], folder)
    write_corpus([SourceText("a/x.txt", "one\r\n", 'A "title" \\ with\x7f\nécarts')], folder)
    assert [file.source for file in list_files(folder)] == ["a/x.txt"]
    assert (folder / "a/x.txt").read_bytes() == b"one\r\n"
    assert read_sidecar(folder)["a/x.txt"].title == 'A "title" \\ with\x7f\nécarts'


def test_a_sample_is_the_same_every_time_and_keeps_its_order() -> None:
    questions = [RetrievalQuestion(str(number), "?", frozenset()) for number in range(100)]
    taken = sample(questions, 10)
    assert len(taken) == 10
    assert taken == sample(questions, 10)
    assert [int(question.question_id) for question in taken] == sorted(int(q.question_id) for q in taken)
    assert sample(questions, None) == sample(questions, 1_000) == questions
