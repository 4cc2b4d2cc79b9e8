from typing import Any

import pytest

from eval.answers import answer_from_text, checked_answer
from eval.results import CorpusDocument

TEXT = "The bridge opened on 3 May 1932. It is 503 metres long."
CORPUS = {"bridge.txt": CorpusDocument("bridge.txt", TEXT, title="Bridge", published="1932")}


def read(text: str, *cited: Any) -> dict[str, Any]:
    return answer_from_text("How long is it?", text, cited, corpus=CORPUS)


@pytest.mark.parametrize(
    "text",
    ["It opened in 1932 [1]. It is 503 m long [2].", "It opened in 1932. [1] It is 503 m long.[2]"],
)
def test_markers_go_to_their_sentence_on_either_side_of_the_full_stop(text: str) -> None:
    said = [(one["text"], one["citations"]) for one in read(text, "bridge.txt", "bridge.txt")["sentences"]]
    assert said == [("It opened in 1932.", [1]), ("It is 503 m long.", [2])]


def test_markers_in_one_bracket_are_several() -> None:
    (sentence,) = read("It opened in 1932 [1, 2].", "bridge.txt", "bridge.txt")["sentences"]
    assert sentence["citations"] == [1, 2]


def test_a_quote_without_offsets_is_found_in_its_document() -> None:
    (citation,) = read("It is 503 m [1].", {"source": "bridge.txt", "quote": "503 metres"})["citations"]
    assert TEXT[citation["start"] : citation["end"]] == "503 metres"
    assert (citation["title"], citation["published"]) == ("Bridge", "1932")


def test_a_quote_that_is_in_no_document_has_no_place() -> None:
    (citation,) = read("It is 530 m [1].", {"source": "bridge.txt", "quote": "530 metres"})["citations"]
    assert (citation["start"], citation["end"], citation["quote"]) == (None, None, "530 metres")


def test_given_offsets_are_kept_even_when_wrong() -> None:
    entry = {"source": "bridge.txt", "quote": "503 metres", "start": 1, "end": 11}
    (citation,) = read("It is 503 m [1].", entry)["citations"]
    assert (citation["start"], citation["end"]) == (1, 11)


def test_a_source_alone_cites_its_whole_document() -> None:
    (citation,) = read("It is 503 m [1].", "bridge.txt")["citations"]
    assert (citation["start"], citation["end"], citation["quote"]) == (0, len(TEXT), TEXT)


def test_a_marker_without_a_citation_stays_to_be_counted() -> None:
    (sentence,) = read("It is 503 m [3].", "bridge.txt")["sentences"]
    assert sentence["citations"] == [3]


def test_markers_say_nothing_where_nothing_is_cited() -> None:
    answer = read("It is 503 m [3].")
    assert ([one["citations"] for one in answer["sentences"]], answer["citations"]) == ([[]], [])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I don't know.",
        "I'm sorry, but I cannot find this. The bridge opened in 1932.",
        "The provided documents do not mention its height.",
        "No answer: nothing in the documents speaks of this.",
        "The context doesn't say.",
    ],
)
def test_prose_that_cannot_tell_is_an_abstention(text: str) -> None:
    answer = read(text, "bridge.txt")
    assert (answer["verdict"], answer["sentences"], answer["citations"]) == ("abstained", [], [])


@pytest.mark.parametrize(
    "text",
    [
        "No answer was given by the minister [1].",
        "I cannot say it better than the text: it is 503 m long [1].",
        "Norway built it.",
        "The documents were signed in 1932.",
        "It is 503 m long. I don't know its height.",
    ],
)
def test_prose_that_says_something_is_an_answer(text: str) -> None:
    assert read(text, "bridge.txt")["verdict"] == "answered"


def test_what_another_system_does_not_say_is_not_made_up() -> None:
    answer = read("It is 503 m long.")
    assert (answer["passages"], answer["usage"], answer["timings_ms"]) == (None, None, {})
    assert answer["sentences"][0]["support"] is None


@pytest.mark.parametrize("cited", [3, {"quote": "503 metres"}, {"source": 7}])
def test_an_unreadable_citation_is_refused(cited: Any) -> None:
    with pytest.raises(ValueError, match="citation 1"):
        read("It is 503 m [1].", cited)


def test_an_answer_of_the_contract_keeps_what_a_later_contract_adds() -> None:
    value = {"verdict": "partial", "text": "", "sentences": [], "citations": [], "missing": ["its height"]}
    assert checked_answer(value)["missing"] == ["its height"]


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ([], "answer"),
        ({"text": "", "sentences": [], "citations": []}, "verdict"),
        ({"verdict": "maybe", "text": "", "sentences": [], "citations": []}, "verdict"),
        ({"verdict": "answered", "text": "x", "sentences": [{"text": 1}], "citations": []}, "sentences.0.text"),
        (
            {
                "verdict": "answered",
                "text": "x",
                "sentences": [{"text": "x", "support": float("nan")}],
                "citations": [],
            },
            "sentences.0.support",
        ),
    ],
)
def test_what_is_no_answer_is_refused_by_field(value: Any, named: str) -> None:
    with pytest.raises(ValueError, match=f"not an answer of the contract: {named}: "):
        checked_answer(value)
