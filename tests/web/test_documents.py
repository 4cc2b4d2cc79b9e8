"""The documents on the page: added with progress, asked about, replaced and deleted."""

from playwright.sync_api import FilePayload, expect

from tests.web.conftest import Visit
from tests.web.visiting import Visitor

HOSTILE = "<img src=x onerror=alert(1)>.md"


def file(name: str, text: str) -> FilePayload:
    return {"name": name, "mimeType": "text/plain", "buffer": text.encode()}


def send(visitor: Visitor, *files: FilePayload) -> None:
    visitor.page.set_input_files("#files", list(files))


def test_a_document_is_added_asked_about_replaced_and_deleted(visit: Visit, desk: str) -> None:
    visitor = visit(f"/?corpus={desk}")
    page = visitor.page
    empty = visitor.ask("How many herons nest at Lake Arn?")
    expect(empty.locator("[data-verdict=abstained]")).to_contain_text("There is nothing to read yet")
    empty.get_by_role("button", name="Add documents").click()
    outcome = page.locator(".outcome")
    with page.expect_response("**/v1/jobs/*"):
        send(visitor, file("herons.txt", "Lake Arn 🪶 is quiet.\r\n\r\nExactly 214 herons nest at Lake Arn."))
        expect(outcome.locator("progress")).to_have_accessible_name("Adding herons.txt")
        expect(outcome).to_contain_text("Reading and indexing")
    expect(outcome.locator("[data-job=done]")).to_contain_text("1 added")
    expect(page.locator(".document-list .past-title")).to_have_text(["herons.txt"])

    page.keyboard.press("Escape")
    turn = visitor.ask("How many herons nest at Lake Arn?")
    turn.locator(".cite").click()
    expect(visitor.highlighted).to_have_text("Exactly 214 herons nest at Lake Arn.")

    page.locator("[data-action=documents]").last.click()
    send(visitor, file("herons.txt", "Exactly 230 herons nest at Lake Arn."))
    outcome.get_by_role("button", name="Replace what is here").click()
    expect(outcome.locator("[data-job=done]")).to_contain_text("1 changed")
    page.keyboard.press("Escape")
    turn.locator(".cite").click()
    expect(page.locator("#reader")).to_contain_text("An earlier version of this document")
    expect(visitor.highlighted).to_have_text("Exactly 214 herons nest at Lake Arn.")
    expect(visitor.ask("How many herons nest at Lake Arn?").locator(".said")).to_contain_text("230")

    page.locator("[data-action=documents]").last.click()
    page.locator(".document-list .danger").click()
    page.locator(".document-list .danger").click()
    expect(outcome.locator("[data-job=done]")).to_contain_text("1 removed")
    expect(page.locator(".document-list li")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(visitor.ask("How many herons nest at Lake Arn?").locator("[data-verdict=abstained]")).to_be_visible()


def test_what_cannot_be_added_is_told_and_changes_nothing(visit: Visit, desk: str) -> None:
    visitor = visit(f"/?corpus={desk}")
    visitor.page.locator("[data-action=documents]").click()
    send(visitor, file("program.exe", "MZ"))
    expect(visitor.page.locator(".outcome .problem")).to_contain_text("program.exe")
    expect(visitor.page.locator("#files")).to_be_enabled()
    expect(visitor.page.locator(".document-list li")).to_have_count(0)


def test_a_file_name_of_markup_stays_a_name(visit: Visit, desk: str) -> None:
    visitor = visit(f"/?corpus={desk}")
    page = visitor.page
    page.locator("[data-action=documents]").click()
    send(visitor, file(HOSTILE, "# <img src=x onerror=alert(2)>\n\nLake Arn freezes in <b>January</b>."))
    expect(page.locator(".outcome-title")).to_have_text(f"Adding {HOSTILE}")
    expect(page.locator(".outcome [data-job=done]")).to_contain_text("1 added")
    expect(page.locator(".document-list .byline")).to_contain_text(HOSTILE)
    expect(page.locator("#documents :is(img, b)")).to_have_count(0)


def test_a_seed_is_read_from_the_list_and_cannot_be_deleted(visit: Visit) -> None:
    page = visit().page
    page.locator("[data-action=documents]").click()
    expect(page.locator(".document-list li")).to_have_count(5)
    expect(page.locator(".document-list .danger")).to_have_count(0)
    line = page.locator(".document-list .past").first
    name = line.locator(".past-title").text_content() or "no name"
    line.click()
    expect(page.locator("#reader-title")).to_have_text(name)
    expect(page.locator("#reader .document")).not_to_be_empty()
