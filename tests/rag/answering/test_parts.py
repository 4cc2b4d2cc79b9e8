import pytest

from rag.answering.parts import split_question


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("Where is Ada Byron from and when was she born?", ["Where is Ada Byron from?", "When was Ada Byron born?"]),
        (
            "In what year and in which city was the society founded?",
            ["In what year was the society founded?", "In which city was the society founded?"],
        ),
        ("How many boats has the fleet, and is the ferry one of them?", 2),
        ("Who won the prize? Who paid for it?", 2),
    ],
)
def test_a_question_that_asks_two_things_is_parted(question: str, parts: list[str] | int) -> None:
    found = split_question(question)
    assert list(found) == parts if isinstance(parts, list) else len(found) == parts


@pytest.mark.parametrize(
    "question",
    [
        "Who said and did that?",
        "What is the name of the river and the lake?",
        "Compare what Ada did in 1821 with what Max did.",
        "Is it rye and wheat?",
        "and?",
        "",
    ],
)
def test_a_question_that_asks_one_thing_stays_as_it_is(question: str) -> None:
    assert split_question(question) == (question,)


def test_no_more_than_three_parts() -> None:
    assert len(split_question("Who won? Who lost? Who paid? Who left? Who came?")) == 3
