import pytest

from rag.answering.expectations import expectation_of
from rag.dates import find_dates
from rag.types import DocumentInfo, SentenceHit

INFO = DocumentInfo(document_id="a", source="a.txt", version="v", publisher="Kelp News", published="2025-09-04")


def met(question: str, text: str) -> float:
    expectation = expectation_of(question)
    assert expectation is not None
    return expectation.met_by(SentenceHit(0, len(text), text, 0.5, tuple(one.when for one in find_dates(text))), INFO)


@pytest.mark.parametrize(
    ("question", "holds", "lacks"),
    [
        ("When was the mill built?", "It was built in 1894.", "It was built by Ada Byron."),
        ("When does the mill open?", "It opens at 9.", "It opens to visitors."),
        ("When does the mill open?", "The door is open from 10:30.", "It opens by 3 of 4 doors."),
        ("When does the mill open?", "It opens on Sundays.", "It opens with a key."),
        ("On what day was it announced?", "It was announced on 4 May 2025.", "It was announced by the mayor."),
        ("How many boats has the fleet?", "The fleet has 14 boats.", "The fleet of Hull sailed to 14 Harbour Road."),
        ("How much does the ferry cost?", "The ferry costs $4.", "The ferry costs too much."),
        ("Where is the mill?", "The mill stands in Hull.", "The mill stands by the river."),
        ("Who owns the mill?", "It belongs to Ada Byron.", "It belongs to the owner of the mill."),
        (
            "What did Ada Byron say about the mill?",
            "Ada Byron said it was hers.",
            "The mayor said nothing about the mill.",
        ),
        ("How did the mayor react to the vote?", "The mayor condemned the vote.", "The vote was condemned in Hull."),
    ],
)
def test_an_answer_must_hold_what_the_question_asks_for(question: str, holds: str, lacks: str) -> None:
    assert met(question, holds) == 1.0
    assert met(question, lacks) == 0.0


def test_a_document_speaks_for_its_publisher() -> None:
    assert met("What did Kelp News say about the mill?", "The mill is a ruin.") == 1.0


@pytest.mark.parametrize("question", ["Why did the mill burn?", "Is the mill old?", "Tell me about the mill.", ""])
def test_nothing_is_expected_where_the_form_does_not_tell(question: str) -> None:
    assert expectation_of(question) is None
