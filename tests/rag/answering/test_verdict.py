from typing import TYPE_CHECKING

import pytest

from rag.answering.disputes import Dispute
from rag.answering.reading import read
from rag.answering.verdict import Finding, conclude, decide

if TYPE_CHECKING:
    from tests.rag.answering.conftest import Corpus, WordReader


def find(corpus: "Corpus", question: str, reader: "WordReader", *, least_confidence: float = 0.0) -> Finding:
    everything = corpus.rank(question)
    ranked, reading = read(reader, question, everything)
    return decide(
        corpus.query(question),
        corpus.hits,
        ranked,
        reading,
        everything=everything,
        least_confidence=least_confidence,
    )


def test_nothing_found_is_no_evidence(corpus: "Corpus", word_reader: "WordReader") -> None:
    assert find(corpus, "Who?", word_reader).reason == "no_evidence"


def test_passages_about_something_else_are_no_evidence(corpus: "Corpus", word_reader: "WordReader") -> None:
    corpus.add("kelp", "Rye bread was sold by the ton.", relevance=0.4)
    assert find(corpus, "what about rye bread", word_reader).reason == "no_evidence"


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("Did the ferry of Hull sink?", ("Hull",)),
        ("Did ferry 777 sink?", ("777",)),
        ("Did the ferry sink on 4 September 2024?", ("4 September 2024",)),
    ],
)
def test_what_the_question_names_and_nothing_mentions_is_a_veto(
    corpus: "Corpus", word_reader: "WordReader", question: str, missing: tuple[str, ...]
) -> None:
    corpus.add("kelp", "The ferry did sink on 4 September 2025 off the pier.", published="2025-09-05")
    finding = find(corpus, question, word_reader)
    assert (finding.reason, finding.missing) == ("no_evidence", missing)


def test_the_confidence_asked_for_decides(corpus: "Corpus", word_reader: "WordReader") -> None:
    corpus.add("kelp", "The ferry did sink on 4 September 2025 off the pier.")
    lenient = find(corpus, "Did the ferry sink?", word_reader, least_confidence=0.0)
    assert lenient.reason is None
    assert 0 < lenient.confidence < 1
    assert find(corpus, "Did the ferry sink?", word_reader, least_confidence=1.0).reason == "not_supported"


def test_a_reader_that_finds_no_answer_lowers_the_confidence(corpus: "Corpus") -> None:
    from tests.rag.answering.conftest import WordReader

    corpus.add("kelp", "The ferry did sink on 4 September 2025 off the pier.")
    sure, unsure = (find(corpus, "Did the ferry sink?", WordReader(answerable=logit)) for logit in (4.0, -4.0))
    assert sure.confidence > unsure.confidence


def test_all_parts_answered_is_answered() -> None:
    conclusion = conclude({"Who?": Finding(None, 0.9), "When?": Finding(None, 0.7)})
    assert (conclusion.verdict, conclusion.confidence, conclusion.message) == ("answered", 0.7, "")


def test_a_part_without_answer_is_named() -> None:
    conclusion = conclude({"Who won?": Finding(None, 0.9), "When was it?": Finding("not_supported", 0.2)})
    assert (conclusion.verdict, conclusion.missing) == ("partial", ("When was it?",))
    assert conclusion.message == "Not in the documents: When was it?"


def test_a_dispute_is_said_with_what_it_is_over() -> None:
    conclusion = conclude({"Who?": Finding(None, 0.9, dispute=Dispute((), "Byron / Meitner"))})
    assert (conclusion.verdict, conclusion.message) == ("disputed", "The sources disagree: Byron / Meitner.")


def test_no_part_answered_is_an_abstention_that_says_what_was_not_found() -> None:
    conclusion = conclude({"Who?": Finding("no_evidence", 0.3, ("Hull",)), "When?": Finding("not_supported", 0.1)})
    assert (conclusion.verdict, conclusion.reason, conclusion.missing) == ("abstained", "no_evidence", ("Hull",))
    assert conclusion.message == "No answer: nothing that was found mentions Hull."


def test_nothing_indexed_says_what_to_do() -> None:
    conclusion = conclude({})
    assert conclusion.reason == "empty_index"
    assert "attest ingest" in conclusion.message
