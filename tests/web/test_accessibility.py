"""What axe finds on each face of the page, in light and dark, on a desk and on a phone."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.web.conftest import Visit

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@pytest.mark.parametrize("device", [{}, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_shuts_anybody_out(visit: Visit, scheme: str, device: dict[str, Any]) -> None:
    visitor = visit("/?corpus=museum", color_scheme=scheme, reduced_motion="reduce", **device)
    page = visitor.page
    faults: dict[str, list[str]] = {}

    def check(face: str) -> None:
        faults[face] = visitor.serious_faults()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{face} scrolls sideways"

    def leave() -> None:
        page.keyboard.press("Escape")

    expect(page.locator("#examples, #question").first).to_be_visible()
    check("front page")
    visitor.ask("Who is the museum's director?")
    expect(page.locator(".side .byline").first).to_contain_text("Ouse Times")
    check("disagreement")
    page.locator(".side .cite").first.click()
    expect(visitor.highlighted).to_be_visible()
    check("source of a disagreement")
    leave()
    visitor.ask("What is the capital of Peru?")
    check("abstention")
    page.select_option("#corpus", "default")
    expect(page.locator(".example").first).to_be_visible()
    turn = visitor.ask("who was sanctioned on 4 September 2025?")
    turn.locator("[data-rating=down]").click()
    check("answer with feedback")
    turn.locator(".cite").first.click()
    expect(visitor.highlighted).to_be_visible()
    check("answer with its source")
    leave()
    page.locator("[data-action=history]").click()
    expect(page.locator("[data-conversation]").first).to_be_visible()
    check("history")
    leave()
    page.locator("[data-action=documents]").click()
    expect(page.locator(".document-list li")).to_have_count(5)
    check("documents")
    leave()
    page.context.set_offline(True)
    failed = visitor.begin("And who condemned it?")
    expect(failed.locator("[data-error]")).to_be_visible()
    check("failure")
    assert {face: found for face, found in faults.items() if found} == {}


def test_a_source_on_a_phone_is_a_sheet_over_the_answer(visit: Visit) -> None:
    visitor = visit(**PHONE)
    turn = visitor.ask("who was sanctioned on 4 September 2025?")
    turn.locator(".cite").first.tap()
    expect(visitor.page.get_by_role("dialog")).to_contain_text("CNN")
    expect(visitor.highlighted).to_be_in_viewport()
    assert visitor.page.evaluate("document.querySelector('#main').inert")
    visitor.page.locator("[data-action=close-reader]").tap()
    expect(visitor.page.get_by_role("dialog")).to_have_count(0)
    assert visitor.has_focus(".cite[data-marker='1']")


def test_the_chosen_theme_outlasts_a_reload(visit: Visit) -> None:
    page = visit(color_scheme="light").page
    background = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(background)
    page.locator("[data-action=theme]").click()
    page.reload()
    expect(page.locator("[data-action=theme]")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate(background) != light


def test_axe_finds_what_is_wrong(visit: Visit) -> None:
    visitor = visit()
    visitor.page.evaluate("document.querySelector('[data-action=theme]').removeAttribute('aria-label')")
    visitor.page.evaluate("document.querySelector('[data-action=theme]').removeAttribute('title')")
    assert [fault.partition(":")[0] for fault in visitor.serious_faults()] == ["button-name"]
