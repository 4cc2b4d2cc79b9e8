import html
import re
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from api.errors import ApiError
from api.slack import rendering
from api.slack.blocks import SlackMessage
from api.slack.escaping import ZERO_WIDTH_SPACE, escaped
from api.slack.rendering import render, render_error, render_overload, render_sentence
from rag.errors import ConfigurationError, IndexBusyError, ModelRateLimitError, QuestionError, StoreError
from rag.types import Answer, Passage, Sentence
from tests.slack.answers import HOSTILE, answered, any_answer, cited
from tests.slack.block_kit import problems, shown

PUBLIC = "https://attest.example"
MARKER = re.compile(r"\[(\d+)\]")


def rendered(answer: Answer, **options: object) -> list[SlackMessage]:
    given = {"answer_id": "a1", "public_url": PUBLIC, "corpus": "default", **options}
    return render(answer, **given)  # type: ignore[arg-type]


def texts(messages: list[SlackMessage]) -> list[str]:
    return [text for message in messages for text in shown(message.blocks)]


@settings(
    max_examples=500,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # making a failure smaller takes minutes
    suppress_health_check=list(HealthCheck),
)
@given(any_answer(), st.booleans(), st.sampled_from(["a1", "a" * 255]))
def test_500_answers_keep_every_documented_limit_and_have_nothing_live(
    answer: Answer, streamed: bool, answer_id: str
) -> None:
    messages = rendered(answer, ephemeral=True, person=True, streamed=streamed, answer_id=answer_id)
    for message in messages:
        assert not problems(message.text, message.blocks)
        for text in [message.text, *shown(message.blocks)]:
            ours = re.sub(rf"<{PUBLIC}/\?document=[^|<>\s]+\|[^<>]*>", "", text)
            assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)|@\w|://", ours.removesuffix("…")), text
    assert [block["type"] for message in messages for block in message.blocks].count("actions") == 1
    assert messages[-1].blocks[-1]["type"] == "actions"
    if not streamed:
        assert_numbered_as_said(answer, messages)
    assert_nothing_lost(answer, messages, streamed=streamed)


def assert_numbered_as_said(answer: Answer, messages: list[SlackMessage]) -> None:
    """In order: the markers of all sentences, then each citation's own."""
    said = [str(marker) for sentence in answer.sentences for marker in sentence.citations]
    listed = [str(citation.marker) for citation in answer.citations]
    assert MARKER.findall("\n".join(texts(messages))) == said + listed


def assert_nothing_lost(answer: Answer, messages: list[SlackMessage], *, streamed: bool) -> None:
    seen = bare(" ".join(texts(messages)))
    for citation in answer.citations:
        assert bare(escaped(citation.quote)) in seen
    for sentence in () if streamed else answer.sentences:
        assert bare(escaped(sentence.text)) in seen


def bare(text: str) -> str:
    """Without what cutting and parting add."""
    text = re.sub(r"_continues in the next message_|_continued_", "", text)
    return re.sub(rf"[\s{ZERO_WIDTH_SPACE}]", "", text)


def test_sentences_come_with_their_markers_and_citations_follow_under_the_same_numbers() -> None:
    (message,) = rendered(answered("It was so.", "It is so."))
    said, first, second = shown(message.blocks)
    assert said == "It was so. [1] It is so. [2]"
    link = f"{PUBLIC}/?document=d1&amp;version=sha256:ab12&amp;start=10&amp;end=20&amp;corpus=default"
    assert first == f"*[1]* <{link}|Report 1> · 2025-09-05\n“It was so.”"
    assert second.startswith("*[2]* <")
    assert message.text.startswith(said)


def test_the_link_opens_the_cited_span_of_the_cited_version() -> None:
    citation = cited(1, document_id="a|b>c&d/ü", version="sha256:ab12", start=3, end=9)
    answer = replace(answered("So."), citations=(citation,))
    link = re.search(r"<([^|]+)\|", texts(rendered(answer, corpus="legal", public_url=f"{PUBLIC}/"))[1])
    assert link is not None
    assert parse_qs(urlsplit(html.unescape(link[1])).query) == {
        "document": ["a|b>c&d/ü"],
        "version": ["sha256:ab12"],
        "start": ["3"],
        "end": ["9"],
        "corpus": ["legal"],
    }


def test_without_a_public_address_citations_have_their_title_and_no_link() -> None:
    _, citation = texts(rendered(answered("So."), public_url=None))
    assert citation == "*[1]* Report 1 · 2025-09-05\n“It was so.”"


def test_a_document_without_title_and_date_goes_by_its_source() -> None:
    answer = replace(answered("So."), citations=(cited(1, title=None, published=None),))
    assert texts(rendered(answer, public_url=None))[1] == "*[1]* 001.txt\n“It was so.”"


def test_a_plain_answer_has_no_verdict_line() -> None:
    assert texts(rendered(answered("So.")))[0] == "So. [1]"


def test_a_dispute_is_announced_with_what_it_is_over() -> None:
    answer = answered("Ten.", "Twelve.", verdict="disputed", message="The sources disagree: 10 or 12 judges.")
    assert texts(rendered(answer))[:2] == ["*The sources disagree.* 10 or 12 judges.", "Ten. [1] Twelve. [2]"]


@pytest.mark.parametrize("message", ["", "Not in the documents: who paid?"])
def test_a_partial_answer_says_once_what_is_missing(message: str) -> None:
    told = texts(rendered(answered("Ten.", verdict="partial", missing=("who paid?",), message=message)))
    assert told[0] == "*Answered in part.* Not in the documents: who paid?"


def test_an_abstention_says_so_and_shows_the_beginning_of_the_nearest_passages() -> None:
    long = "It is near. " * 100
    passages = [
        Passage(document_id=f"p{i}", source=f"{i}.txt", start=5, end=9, text=long if i else "Near <!here>", score=0.5)
        for i in range(5)
    ]
    answer = answered(
        verdict="abstained", reason="no_evidence", message="No answer: nothing.", passages=tuple(passages)
    )
    told = texts(rendered(answer))
    assert told[:2] == ["*Not in the documents.* Nothing.", "Nearest passages:"]
    assert told[2].endswith("|0.txt>\nNear &lt;\u200b!here&gt;")
    assert told[3].endswith("It is near. …")
    assert len(told) == 5


def test_an_empty_index_is_called_that() -> None:
    answer = answered(verdict="abstained", reason="empty_index", message="Nothing is indexed yet.")
    assert texts(rendered(answer)) == ["*There is nothing to read yet.* Nothing is indexed yet."]


def test_a_degraded_answer_says_that_the_model_failed_and_the_documents_speak() -> None:
    told = texts(rendered(answered("So.", degraded=True, reason="timeout")))
    assert told[0].startswith("The language model took too long, so the documents speak for themselves")


def test_an_unforeseen_fault_of_the_model_is_a_failure() -> None:
    assert texts(rendered(answered("So.", degraded=True, reason="garbage")))[0].startswith("The language model failed,")


def test_a_follow_up_says_how_it_was_understood() -> None:
    answer = answered("So.", standalone_question="Was <!here> so?")
    assert texts(rendered(answer))[0] == "Understood as: Was &lt;\u200b!here&gt; so?"


def test_streamed_sentences_are_not_said_again() -> None:
    (message,) = rendered(answered("It was so."), streamed=True)
    assert [text[:5] for text in shown(message.blocks)] == ["*[1]*"]


def test_a_long_answer_is_cut_at_sentence_ends_and_continued() -> None:
    sentence = "The court said on Friday that it would hear the case. "
    answer = answered(*[sentence * 5] * 80)
    messages = rendered(answer)
    assert len(messages) > 2
    assert all(message.blocks[-1]["elements"][0]["text"].startswith("_continues") for message in messages[:-1])
    assert all(message.blocks[0]["elements"][0]["text"] == "_continued_" for message in messages[1:])
    said = [text for text in texts(messages) if text.startswith("The court")]
    assert all(text.endswith("]") for text in said)


def test_a_sentence_longer_than_a_section_keeps_its_marker_at_its_end() -> None:
    first, *_, last = [text for text in texts(rendered(answered("word " * 2000))) if text.startswith("word")]
    assert first.endswith("word")
    assert last.endswith("word [1]")


def test_a_quote_longer_than_a_section_is_cut_at_a_sentence_end() -> None:
    answer = replace(
        answered("So."), citations=(cited(1, "It was said in the year of the flood. " * 200 + "So was the flood."),)
    )
    first, *_, last = texts(rendered(answer))[1:]
    assert first.startswith("*[1]* <")
    assert first.endswith("the flood.")
    assert last.endswith("the flood.”")


def test_buttons_carry_the_answers_id() -> None:
    (message,) = rendered(answered("So."), ephemeral=True, person=True)
    values = {button["action_id"]: button["value"] for button in message.blocks[-1]["elements"]}
    assert values == dict.fromkeys(
        ["attest_share", "attest_only_me", "attest_up", "attest_down", "attest_comment", "attest_person"], "a1"
    )


@pytest.mark.parametrize(("buttons", "expected"), [(True, ["up", "down", "comment"]), (False, [])])
def test_sharing_and_asking_are_offered_where_they_can_be_used(buttons: bool, expected: list[str]) -> None:
    (message,) = rendered(answered("So."), buttons=buttons)
    ids = [
        button["action_id"] for block in message.blocks if block["type"] == "actions" for button in block["elements"]
    ]
    assert ids == [f"attest_{name}" for name in expected]


def test_an_id_too_long_for_a_button_is_refused() -> None:
    with pytest.raises(ValueError, match="256 characters"):
        rendered(answered("So."), answer_id="a" * 256)


def test_a_growing_sentence_is_escaped_and_marked() -> None:
    sentence = Sentence(text="<!here> said [7]", citations=(1, 2), support=0.9)
    assert render_sentence(sentence) == "&lt;\u200b!here&gt; said [\u200b7] [1][2]"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (QuestionError("the question is empty"), "*That did not work.* The question is empty."),
        (ApiError(404, "not_found", "no <!here> corpus"), "*That did not work.* No &lt;\u200b!here&gt; corpus."),
        (RuntimeError("secret sk-123"), "*That did not work.* The fault is on our side"),
        (ConfigurationError("/etc/secret is not there"), "*That did not work.* The fault is on our side"),
        (StoreError("/srv/x.sqlite cannot be used; rename it away"), "*That did not work.* The fault is on our side"),
    ],
)
def test_an_error_is_told_plainly_and_nothing_of_the_inside(error: Exception, told: str) -> None:
    (message,) = render_error(error)
    assert not problems(message.text, message.blocks)
    assert texts([message])[0].startswith(told)
    assert "secret" not in message.text


@pytest.mark.parametrize(
    ("error", "when"),
    [(ModelRateLimitError("busy", retry_after_seconds=0.2), "1 second."), (IndexBusyError("busy"), "5 seconds.")],
)
def test_an_error_that_passes_says_when_to_ask_again(error: Exception, when: str) -> None:
    assert texts(render_error(error))[-1] == f"Please ask again in {when}"


@pytest.mark.parametrize(("seconds", "when"), [(0.1, "1 second"), (12.2, "13 seconds"), (600, "10 minutes")])
def test_an_overload_says_when_to_ask_again(seconds: float, when: str) -> None:
    (message,) = render_overload(seconds)
    assert message.text.endswith(f"Please ask again in {when}.")
    assert not problems(message.text, message.blocks)


def test_hostile_text_is_dead_wherever_it_stands() -> None:
    hostile = cited(1, HOSTILE, title=HOSTILE, source=HOSTILE, published=HOSTILE, document_id=HOSTILE)
    answer = answered(
        HOSTILE,
        verdict="disputed",
        message=HOSTILE,
        missing=(HOSTILE,),
        standalone_question=HOSTILE,
        citations=(hostile,),
    )
    for message in rendered(answer, corpus="default"):
        for text in [message.text, *shown(message.blocks)]:
            live = re.findall(r"<([^|>]*)", text)
            assert all(address.startswith(f"{PUBLIC}/?document=") for address in live)
            assert not re.search(r"@(channel|here|everyone)|evil\.example(?!%)|:smile:|\*bold", text.split("/?")[0])


def test_the_actions_have_the_ids_that_the_listeners_know() -> None:
    names = ("UP", "DOWN", "COMMENT", "PERSON", "SHARE", "ONLY_ME")
    assert [getattr(rendering, name) for name in names] == [
        "attest_up",
        "attest_down",
        "attest_comment",
        "attest_person",
        "attest_share",
        "attest_only_me",
    ]
