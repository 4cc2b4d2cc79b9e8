"""Asking on the page: what is said, what proves it, and what the sources do not agree on or do not say."""

import json
from typing import Any

import httpx
import pytest
from playwright.sync_api import Route, expect

from tests.api.serving import Running
from tests.web.conftest import Visit
from tests.web.visiting import Visitor

CARD = "who was sanctioned on 4 September 2025?"


@pytest.fixture
def visitor(visit: Visit) -> Visitor:
    return visit()


def test_an_example_of_the_corpus_is_asked_by_clicking_it(visitor: Visitor) -> None:
    example = visitor.page.locator(".example").first
    question = example.text_content()
    example.click()
    expect(visitor.turns.locator(".question")).to_have_text([question or "no text"])
    expect(visitor.turns).to_have_attribute("data-state", "said")
    expect(visitor.page.locator("body")).to_have_attribute("data-view", "conversation")


def test_each_citation_of_the_card_s_answer_opens_the_very_words_it_quotes(visitor: Visitor) -> None:
    turn = visitor.ask(CARD)
    expect(turn.locator("[data-verdict=answered]")).to_be_visible()
    [answer] = visitor.answers()
    assert turn.locator(".said").all_text_contents() == [sentence["text"] for sentence in answer["sentences"]]
    assert len(answer["citations"]) == turn.locator(".cite").count() == 2
    for citation in answer["citations"]:
        turn.locator(f".cite[data-marker='{citation['marker']}']").click()
        expect(visitor.page.locator("#reader-title")).to_have_text(citation["title"] or citation["source"])
        expect(visitor.highlighted).to_be_in_viewport(ratio=1)
        assert visitor.highlighted.text_content() == citation["quote"] == stored(visitor.url, citation)


def test_a_question_asked_while_the_page_still_loads_is_answered(visitor: Visitor) -> None:
    loading: list[Route] = []
    creating: list[Route] = []
    visitor.page.route("**/v1/corpora", lambda route: loading.append(route))
    visitor.page.route("**/v1/conversations", lambda route: creating.append(route))
    visitor.open()
    with visitor.page.expect_request("**/v1/conversations"):
        turn = visitor.begin(CARD)
    loading[0].continue_()
    expect(visitor.page.locator("#examples button").first).to_be_attached()  # the rest of the page has come
    creating[0].continue_()
    expect(turn).to_have_attribute("data-state", "said")


def test_the_source_names_its_publisher_and_date(visitor: Visitor) -> None:
    visitor.ask(CARD).locator(".source[data-source='1']").click()
    expect(visitor.page.locator("#reader .byline")).to_contain_text("CNN · 4 September 2025")
    expect(visitor.page.locator(".cite[data-marker='1']")).to_be_visible()  # the answer stays beside it


def test_emoji_and_line_ends_before_and_in_a_span_do_not_shift_the_highlight(visit: Visit) -> None:
    visitor = visit("/?corpus=reef")
    visitor.ask("How many otters does Warden Mira Olsen count?").locator(".cite").click()
    expect(visitor.highlighted).to_be_visible()
    [[citation]] = [answer["citations"] for answer in visitor.answers("reef")]
    assert citation["quote"] == "Warden Mira Olsen counts 214 otters 🦦 in\r\nthe reserve each spring."
    assert visitor.highlighted.text_content() == citation["quote"] == stored(visitor.url, citation, corpus="reef")


def test_a_follow_up_is_understood_from_what_was_asked_before(visitor: Visitor) -> None:
    visitor.ask(CARD)
    turn = visitor.ask("And who condemned it?")
    expect(turn.locator(".understood")).to_contain_text("sanctioned on 4 September 2025")
    expect(turn.locator(".said").first).to_contain_text("condemned")
    assert len(visitor.answers()) == 2


def test_reloading_shows_the_same_sentences_markers_and_sources(visitor: Visitor) -> None:
    visitor.ask(CARD)
    visitor.ask("And who condemned it?")
    before = visitor.shown()
    assert all(before)
    visitor.page.reload()
    expect(visitor.turns).to_have_count(2)
    assert visitor.shown() == before
    visitor.turns.last.locator(".cite").first.click()
    expect(visitor.highlighted).to_have_text(visitor.answers()[1]["citations"][0]["quote"])


def test_a_link_to_a_source_opens_it_at_the_span(visitor: Visitor) -> None:
    visitor.ask(CARD).locator(".cite").first.click()
    quote = visitor.highlighted.text_content()
    visitor.page.get_by_role("button", name="Copy link").click()
    expect(visitor.page.get_by_role("button", name="Copied")).to_be_visible()
    visitor.page.goto(str(visitor.page.evaluate("navigator.clipboard.readText()")))
    expect(visitor.highlighted).to_be_in_viewport(ratio=1)
    assert visitor.highlighted.text_content() == quote


def test_sources_that_disagree_stand_side_by_side_each_with_its_date(visit: Visit) -> None:
    visitor = visit("/?corpus=museum")
    turn = visitor.ask("Who is the museum's director?")
    expect(turn.locator("[data-verdict=disputed]")).to_contain_text("Olaf Berg / Ada Lund")
    gala, harbour = turn.locator(".side").all()
    expect(gala).to_contain_text("The Ouse Times · 5 March 2024")
    expect(gala).to_contain_text("Museum director Olaf Berg spoke at the gala.")
    expect(harbour).to_contain_text("The Tarn Echo · 1 March 2024")
    expect(harbour).to_contain_text("The museum's director, Ada Lund, spoke")
    left, right = gala.bounding_box(), harbour.bounding_box()
    assert left is not None
    assert right is not None
    assert (left["y"], left["x"] + left["width"] <= right["x"]) == (right["y"], True)
    harbour.locator(".cite").click()
    expect(visitor.highlighted).to_have_text("The museum's director, Ada Lund, spoke at the harbour on Monday.")


def test_what_the_sources_do_not_say_is_said_with_the_nearest_passages(visitor: Visitor) -> None:
    turn = visitor.ask("What is the capital of Peru?")
    verdict = turn.locator("[data-verdict=abstained]")
    expect(verdict).to_contain_text("Not in the sources")
    expect(verdict).not_to_contain_text("No answer")  # which is the same again
    expect(turn.locator("[data-sentence]")).to_have_count(0)
    expect(turn.locator("[data-passage]")).to_have_count(3)
    turn.get_by_role("button", name="Read it in the source").first.click()
    assert visitor.highlighted.text_content() == visitor.answers()[0]["passages"][0]["text"]


def test_an_answer_is_copied_with_its_citations(visitor: Visitor) -> None:
    visitor.ask(CARD).locator("[data-action=copy]").click()
    expect(visitor.page.locator("[data-action=copy]")).to_have_text("Copied")
    copied = visitor.page.evaluate("navigator.clipboard.readText()")
    [answer] = visitor.answers()
    for sentence in answer["sentences"]:
        assert f"{sentence['text']} [{sentence['citations'][0]}]" in copied
    for citation in answer["citations"]:
        assert citation["quote"] in copied


def test_an_opinion_is_sent_with_the_answer_it_is_about(visitor: Visitor) -> None:
    turn = visitor.ask(CARD)
    turn.locator("[data-rating=down]").click()
    turn.locator(".feedback textarea").fill("Two names are missing.")
    with visitor.page.expect_request("**/v1/feedback") as sent:
        turn.locator(".feedback [type=submit]").click()
    expect(turn.locator(".thanks")).to_be_visible()
    body = json.loads(sent.value.post_data or "")
    assert (body["rating"], body["comment"]) == ("down", "Two names are missing.")
    assert body["answer"] == visitor.answers()[0]


def test_an_earlier_conversation_is_found_opened_and_deleted(visitor: Visitor) -> None:
    visitor.ask("What is the capital of Peru?")
    opened = visitor.page.url
    visitor.page.locator("button[data-action=new]").click()
    expect(visitor.page.locator("body")).to_have_attribute("data-view", "front")
    visitor.page.locator("[data-action=history]").click()
    conversation_id = httpx.URL(opened).params["conversation"]
    line = visitor.page.locator(f"[data-conversation='{conversation_id}']")
    line.locator(".past").click()
    expect(visitor.turns.locator(".question")).to_have_text("What is the capital of Peru?")
    visitor.page.locator("[data-action=history]").click()
    line.locator(".danger").click()
    line.locator(".danger").click()
    expect(line).to_have_count(0)
    assert httpx.get(f"{visitor.url}/v1/conversations/{conversation_id}").status_code == 404


def test_another_collection_is_asked_once_it_is_chosen(visit: Visit, served: Running) -> None:
    visitor = visit()
    visitor.page.select_option("#corpus", "reef")
    expect(visitor.ask("How many otters does Warden Mira Olsen count?").locator(".said")).to_contain_text("214")
    assert httpx.URL(visitor.page.url).params["corpus"] == "reef"


def stored(url: str, citation: dict[str, Any], *, corpus: str = "default") -> str:
    """What the stored document says where the citation points."""
    wanted = {"version": citation["version"], "corpus": corpus}
    document = httpx.get(f"{url}/v1/documents/{citation['document_id']}", params=wanted).json()
    return str(document["text"][citation["start"] : citation["end"]])
