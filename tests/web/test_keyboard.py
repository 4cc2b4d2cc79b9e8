"""The page without a mouse, and what a screen reader is told."""

import pytest
from playwright.sync_api import expect

from tests.web.conftest import Visit
from tests.web.visiting import Visitor

FARTHEST = 40  # keys to any place on the page


@pytest.fixture
def visitor(visit: Visit) -> Visitor:
    visitor = visit()
    expect(visitor.page.locator(".example").first).to_be_visible()
    return visitor


def walk(visitor: Visitor, key: str, *, to: str) -> None:
    for _ in range(FARTHEST):
        visitor.page.keyboard.press(key)
        if visitor.has_focus(to):
            return
    pytest.fail(f"{key} does not lead to {to}")


def test_asking_reading_a_source_and_coming_back(visitor: Visitor) -> None:
    keyboard = visitor.page.keyboard
    keyboard.press("Tab")
    assert visitor.has_focus(".skip")
    keyboard.press("Enter")
    expect(visitor.page.locator("#question")).to_be_focused()
    keyboard.type("who was sanctioned on")
    keyboard.press("Shift+Enter")
    keyboard.type("4 September 2025?")
    keyboard.press("Enter")
    expect(visitor.turns.locator("[data-verdict=answered]")).to_be_visible()
    expect(visitor.page.locator("#question")).to_be_focused()  # for a follow-up
    walk(visitor, "Shift+Tab", to=".cite[data-marker='1']")
    keyboard.press("Enter")
    expect(visitor.page.locator("#reader-title")).to_be_focused()
    expect(visitor.highlighted).to_be_in_viewport(ratio=1)
    walk(visitor, "Tab", to=".document")  # it can be scrolled
    keyboard.press("Escape")
    expect(visitor.page.locator("#reader")).to_be_hidden()
    assert visitor.has_focus(".cite[data-marker='1']")


def test_a_dialog_keeps_the_focus_and_gives_it_back(visitor: Visitor) -> None:
    for name in ("history", "documents"):
        walk(visitor, "Tab", to=f"button[data-action={name}]")
        visitor.page.keyboard.press("Enter")
        expect(visitor.page.locator(f"#{name}")).to_be_visible()
        assert visitor.has_focus(f"#{name} *")
        visitor.page.keyboard.press("Escape")
        expect(visitor.page.locator(f"#{name}")).to_be_hidden()
        assert visitor.has_focus(f"button[data-action={name}]")


def test_a_conversation_is_deleted_without_losing_the_place(visitor: Visitor) -> None:
    visitor.ask("What is the capital of Peru?")
    walk(visitor, "Shift+Tab", to="button[data-action=history]")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator("[data-conversation]").first).to_be_visible()
    walk(visitor, "Tab", to=".danger")
    visitor.page.keyboard.press("Enter")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator("body")).to_have_attribute("data-view", "front")
    assert visitor.has_focus("#history *")


def test_progress_sentences_and_verdict_are_announced(visitor: Visitor) -> None:
    turn = visitor.ask("who was sanctioned on 4 September 2025?")
    told = visitor.page.locator("#announcer p").all_text_contents()
    assert told == ["Looking through the documents.", *turn.locator(".said").all_text_contents(), told[-1]]
    assert told[-1].startswith("Answered from 2 sources")


def test_no_source_is_lost_from_the_names_that_are_read_out(visitor: Visitor) -> None:
    chip = visitor.ask("who was sanctioned on 4 September 2025?").locator(".cite").first
    expect(chip).to_have_accessible_name("Source 1: " + (chip.get_attribute("title") or "no title"))
    chip.click()
    expect(chip).to_have_attribute("aria-expanded", "true")
