from pathlib import Path

import pytest

from eval.bench.material import chunk_texts, folder_material, prose, short_questions
from rag.errors import ConfigurationError
from rag.settings import Settings


def test_a_folder_gives_its_readable_documents_and_questions_about_them(docs: Path) -> None:
    (docs / "broken.txt").write_bytes(b"\x00")
    (docs / "long.txt").write_text("The committee of the village met in the old mill on the river in spring.")
    material = folder_material(docs, documents=10, questions=5)
    assert [document.source for document in material.documents] == ["bread.txt", "bridge.md", "long.txt", "otters.txt"]
    assert material.documents[1].title == "The bridge"
    assert any("committee" in question for question in material.questions)
    assert folder_material(docs, documents=2, questions=5).documents == material.documents[:2]


def test_a_folder_without_documents_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no readable document"):
        folder_material(tmp_path, documents=10, questions=5)


def test_chunk_texts_are_those_of_an_ingest(docs: Path, settings: Settings) -> None:
    assert chunk_texts(docs, settings=settings, limit=10) == [
        (docs / name).read_text() for name in ("bread.txt", "bridge.md", "otters.txt")
    ]
    assert len(chunk_texts(docs, settings=settings, limit=2)) == 2


def test_prose_is_of_about_200_words_and_always_the_same() -> None:
    texts = prose(20)
    assert texts == prose(20)
    assert len(set(texts)) == 20
    assert 180 < sum(len(text.split()) for text in texts) / 20 < 220


def test_questions_are_short_and_always_the_same() -> None:
    questions = short_questions(50)
    assert questions == short_questions(50)
    assert all(4 <= len(question.split()) <= 8 for question in questions)
