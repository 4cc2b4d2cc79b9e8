"""A server that asks for a key, and the page that asks its reader for one."""

import shutil
from pathlib import Path

from playwright.sync_api import expect

from api.keys import KEYS, KeyStore
from tests.api.serving import attest_serve
from tests.web.conftest import Visit


def test_a_key_is_asked_for_kept_in_the_tab_and_forgotten(visit: Visit, seeds_index: Path, tmp_path: Path) -> None:
    shutil.copytree(seeds_index, tmp_path / "data")
    _, key = KeyStore(tmp_path / "data" / KEYS).create(name="reader", read_only=True)
    with attest_serve(tmp_path / "data", tmp_path / "log") as served:
        visitor = visit(url=served.url)
        page = visitor.page
        dialog = page.locator("#key")
        field = page.locator("#key-field")
        expect(field).to_be_focused()
        field.fill("attest_wrong")
        field.press("Enter")
        expect(dialog).to_contain_text("That key was not accepted.")
        assert visitor.serious_faults() == []
        field.fill(key)
        field.press("Enter")
        expect(dialog).to_be_hidden()
        expect(page.locator(".example").first).to_be_visible()
        expect(visitor.ask("who was sanctioned on 4 September 2025?").locator("[data-verdict]")).to_be_visible()
        shown = visitor.shown()
        page.reload()
        expect(visitor.turns).to_have_count(1)  # without being asked again
        assert visitor.shown() == shown
        assert key not in page.content() + page.url
        page.locator("button[data-action=new]").click()
        page.locator("[data-action=forget-key]").click()
        expect(field).to_be_focused()
        field.press("Escape")
        turn = visitor.begin("who was sanctioned on 4 September 2025?")
        expect(field).to_be_focused()
        field.press("Escape")
        expect(turn.locator("[data-error=unauthorised]")).to_be_visible()
