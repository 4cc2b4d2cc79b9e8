from dataclasses import replace
from pathlib import Path

import pytest

from eval.bench.revisions import Seen, Trial, look_at_answer, look_at_index, names, text_of, write_revision
from rag.bootstrap import open_chatbot, open_synchroniser
from rag.index.embedding import LocalEmbedder
from rag.index.reader import IndexReader
from rag.settings import Settings
from rag.types import Answer, Passage


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> Trial:
    folder = tmp_path_factory.mktemp("trial")
    trial = Trial(folder / "corpus", folder / "index", settings)
    trial.next_revision()
    open_synchroniser(trial.data_dir, settings=settings).sync([trial.corpus])
    return trial


@pytest.fixture(scope="module")
def answer(trial: Trial, settings: Settings) -> Answer:
    chatbot = open_chatbot(trial.data_dir, settings=settings)
    answer = chatbot.ask("What was the water level at the harbour in log-03?")
    chatbot.close()
    return answer


def test_every_revision_changes_every_document_and_one_guest(tmp_path: Path) -> None:
    write_revision(tmp_path, 1)
    first = {path.name: path.read_text() for path in tmp_path.iterdir()}
    write_revision(tmp_path, 2)
    second = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert set(first) - set(second) == {"guest-1.txt"}
    assert set(second) - set(first) == {"guest-2.txt"}
    assert not set(first.values()) & set(second.values())
    assert len({len(text_of("log-00", revision)) for revision in range(1, 7)}) > 1


def test_a_whole_answer_shows_one_revision(answer: Answer) -> None:
    assert answer.verdict == "answered"
    assert look_at_answer(answer.to_dict()) == Seen(1, ())


def test_a_passage_of_another_revision_is_torn(answer: Answer) -> None:
    old = answer.passages[0]
    name = old.source.removesuffix(".txt")
    newer = replace(old, text=text_of(name, 2)[old.start : old.end])
    seen = look_at_answer(replace(answer, passages=(*answer.passages[1:], newer)).to_dict())
    assert seen.revision is None
    assert "one answer shows the revisions [1, 2]" in seen.problems


def test_a_quote_that_has_moved_is_torn(answer: Answer) -> None:
    citation = answer.citations[0]
    moved = replace(citation, start=citation.start + 1, end=citation.end + 1)
    (problem,) = look_at_answer(replace(answer, citations=(moved,)).to_dict()).problems
    assert "is not what revision {1} has there" in problem


def test_a_quote_under_the_wrong_version_is_torn(answer: Answer) -> None:
    wrong = replace(answer.citations[0], version="sha256:0")
    (problem,) = look_at_answer(replace(answer, citations=(wrong,)).to_dict()).problems
    assert "cited as another version" in problem


def test_half_of_one_text_and_half_of_another_is_torn(answer: Answer) -> None:
    mixed = text_of("log-03", 1)[:400] + text_of("log-03", 2)[400:]
    passage = Passage(document_id="x", source="log-03.txt", start=0, end=len(mixed), text=mixed, score=1)
    assert "has the marks of 2 revisions" in look_at_answer(replace(answer, passages=(passage,)).to_dict()).problems[0]


def test_an_answer_without_passages_is_a_loss() -> None:
    lost = Answer(question="?", verdict="abstained", reason="empty_index", model="extractive")
    assert look_at_answer(lost.to_dict()).problems == ("nothing found: abstained, empty_index",)


def test_a_whole_index_is_of_one_revision(trial: Trial, embedder: LocalEmbedder) -> None:
    reader = IndexReader(trial.data_dir, embedding_model=embedder.name)
    with reader.use() as index:
        assert index is not None
        assert look_at_index(index) == Seen(1, ())
    reader.close()


def test_an_index_that_lacks_a_document_is_found_out(
    tmp_path: Path, embedder: LocalEmbedder, settings: Settings
) -> None:
    write_revision(tmp_path / "corpus", 1)
    (tmp_path / "corpus" / f"{names(1)[0]}.txt").unlink()
    open_synchroniser(tmp_path / "index", settings=settings).sync([tmp_path / "corpus"])
    reader = IndexReader(tmp_path / "index", embedding_model=embedder.name)
    with reader.use() as index:
        assert index is not None
        assert "does not hold exactly the documents" in look_at_index(index).problems[0]
    reader.close()
