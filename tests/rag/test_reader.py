import pytest

from rag.errors import ConfigurationError
from rag.reader import MAX_TOKENS, LocalReader


@pytest.fixture(scope="module")
def reader() -> LocalReader:
    return LocalReader()


def test_the_sentence_that_answers_stands_out(reader: LocalReader) -> None:
    sentences = ["The harbour was busy all day.", "The Old Pier was built in 1894 by Samuel Trask.", "Gulls shouted."]
    reading = reader.read("Who built the Old Pier?", sentences)
    assert len(reading.sentences) == 3
    assert max(reading.sentences) == reading.sentences[1]


def test_sentences_that_do_not_fit_have_no_logit(reader: LocalReader) -> None:
    reading = reader.read("Who?", ["Gulls shouted over the harbour."] * MAX_TOKENS)
    assert 0 < len(reading.sentences) < MAX_TOKENS


def test_a_question_as_long_as_allowed_leaves_room_for_sentences(reader: LocalReader) -> None:
    assert reader.read("why " * 1000, ["Gulls shouted."]).sentences


def test_nothing_to_read_is_read(reader: LocalReader) -> None:
    assert reader.read("Who?", []).sentences == ()
    assert len(reader.read("Who?", [""]).sentences) <= 1


def test_equal_questions_are_read_equally(reader: LocalReader) -> None:
    sentences = ["The Old Pier was built in 1894.", "It is 210 metres long."]
    assert reader.read("How long is the pier?", sentences) == reader.read("How long is the pier?", sentences)


def test_a_missing_model_is_named_with_the_remedy(tmp_path_factory: pytest.TempPathFactory) -> None:
    missing = tmp_path_factory.mktemp("none") / "model.onnx"
    with pytest.raises(ConfigurationError, match=r"model\.onnx is missing.*train_reader"):
        LocalReader(model=missing).read("Who?", ["Nobody."])
