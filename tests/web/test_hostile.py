"""Documents, names and questions full of markup: shown as the text they are, and nothing is fetched or run."""

from typing import Any

from playwright.sync_api import Route, expect

from tests.web.conftest import HOSTILE_NAME, HOSTILE_TEXT, HOSTILE_TITLE, Visit

WRITTEN = {"text", "title", "quote", "message", "source", "publisher", "standalone_question"}
MARKUP = ":is(#turns, #reader, #history, #documents) :is(img, script, iframe, style, b, a, em)"


def test_a_hostile_document_is_text_wherever_it_is_shown(visit: Visit) -> None:
    visitor = visit("/?corpus=hostile")
    question = "<img src=x onerror=alert(8)> Who is the Tarn dam's keeper?"
    turn = visitor.ask(question)
    expect(turn.locator(".question")).to_have_text(question)
    [answer] = visitor.answers("hostile")
    assert "![x](https://evil.example/pixel.png)" in answer["citations"][-1]["quote"]
    assert turn.locator(".said").all_text_contents() == [sentence["text"] for sentence in answer["sentences"]]
    expect(turn.locator(".source-name").first).to_have_text(HOSTILE_TITLE)
    turn.locator(".cite").last.click()
    expect(visitor.page.locator("#reader-title")).to_have_text(HOSTILE_TITLE)
    assert visitor.highlighted.text_content() == answer["citations"][-1]["quote"]
    assert visitor.page.locator("#reader .document").text_content() == HOSTILE_TEXT
    expect(visitor.page.locator("#reader .byline")).to_contain_text(HOSTILE_NAME)
    visitor.page.keyboard.press("Escape")
    visitor.page.locator("[data-action=history]").click()
    expect(visitor.page.locator("[data-conversation] .past-title").first).to_have_text(question)
    visitor.page.keyboard.press("Escape")
    visitor.page.locator("[data-action=documents]").click()
    expect(visitor.page.locator(".document-list .past-title")).to_have_text([HOSTILE_TITLE])
    expect(visitor.page.locator(MARKUP)).to_have_count(0)
    visitor.page.reload()
    expect(turn.locator(".said").last).to_be_visible()
    expect(visitor.page.locator(MARKUP)).to_have_count(0)


def test_a_hostile_passage_beside_the_question_is_text(visit: Visit) -> None:
    visitor = visit("/?corpus=hostile")
    turn = visitor.ask("What is the capital of Peru?")
    expect(turn.locator("[data-verdict=abstained]")).to_be_visible()
    expect(turn.locator("[data-passage]").first).to_contain_text("<script>alert(6)</script>")
    expect(visitor.page.locator(MARKUP)).to_have_count(0)


def test_an_answer_of_nothing_but_markup_is_text(visit: Visit) -> None:
    """The server lets no such answer out; the page does not rely on it."""
    visitor = visit()
    visitor.ask("who was sanctioned on 4 September 2025?")
    visitor.ask("What is the capital of Peru?")
    visitor.page.route("**/v1/conversations/*", answer_in_markup)
    visitor.page.reload()
    expect(visitor.turns.locator(".said").first).to_have_text(HOSTILE_TITLE)
    expect(visitor.turns.locator(".verdict-note").first).to_have_text(HOSTILE_TITLE)
    expect(visitor.turns.locator("[data-passage] blockquote").first).to_have_text(HOSTILE_TITLE)
    visitor.page.locator(".cite").first.click()
    expect(visitor.highlighted).to_be_visible()
    expect(visitor.page.locator(MARKUP)).to_have_count(0)


def test_an_address_that_carries_markup_is_no_markup(visit: Visit) -> None:
    visitor = visit("/?conversation=<img src=x onerror=alert(9)>")
    expect(visitor.page.locator("#turns .notice")).to_be_visible()
    visitor.open("/?document=<img src=x onerror=alert(9)>&version=javascript:alert(10)&start=0&end=9")
    expect(visitor.page.locator("#reader [data-error]")).to_be_visible()
    expect(visitor.page.locator(MARKUP)).to_have_count(0)


def test_what_these_tests_look_out_for_is_noticed(visit: Visit) -> None:
    visitor = visit()
    visitor.page.evaluate("alert('a dialog')")
    visitor.page.evaluate("document.body.append(Object.assign(new Image(), {src: 'https://evil.example/'}))")
    visitor.page.evaluate("void setTimeout(() => { throw new Error('a mistake') })")
    visitor.page.wait_for_function("true")  # whatever was to happen has
    assert visitor.noted[0] == "dialog: a dialog"
    assert any(noted.startswith("policy: ") for noted in visitor.noted)
    assert "error: a mistake" in visitor.noted
    visitor.noted.clear()


def answer_in_markup(route: Route) -> None:
    def spoilt(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: spoilt(each, name) for name, each in value.items()}
        if isinstance(value, list):
            return [spoilt(each, key) for each in value]
        return HOSTILE_TITLE if key in WRITTEN else value

    route.fulfill(json=spoilt(route.fetch().json()))
