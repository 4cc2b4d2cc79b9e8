"""A browser's page in, someone who asks, reads and clicks on it out; what they must never meet is noted."""

from dataclasses import dataclass, field
from typing import Any

import httpx
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Dialog, Locator, Page, Request, expect

_AXE = Axe()


@dataclass
class Visitor:
    """`noted` are dialogs, requests that leave the server, script errors and what the security policy stopped."""

    page: Page
    url: str
    noted: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("dialog", self._dismiss)
        self.page.on("pageerror", lambda error: self.noted.append(f"error: {error}"))
        self.page.on("console", self._hear)
        self.page.context.on("request", self._see)

    def open(self, path: str = "/") -> "Visitor":
        self.page.goto(f"{self.url}{path}")
        return self

    def begin(self, question: str) -> Locator:
        """Asks; the turn, which has no answer yet."""
        turns = self.turns.count()
        self.page.fill("#question", question)
        self.page.press("#question", "Enter")
        return self.turns.nth(turns)

    def ask(self, question: str) -> Locator:
        """Asks and waits for the whole answer; its turn."""
        turn = self.begin(question)
        expect(turn).to_have_attribute("data-state", "said")
        return turn

    @property
    def turns(self) -> Locator:
        return self.page.locator(".turn")

    @property
    def highlighted(self) -> Locator:
        return self.page.locator("#cited-span")

    def shown(self) -> list[list[str]]:
        """What is said, the chips behind it and the sources below it, of all answers on the page."""
        return [self.page.locator(f"#turns {part}").all_text_contents() for part in (".said", ".cite", ".source")]

    def answers(self, corpus: str = "default") -> list[dict[str, Any]]:
        """The answers of the open conversation, as the API gives them."""
        conversation_id = httpx.URL(self.page.url).params["conversation"]
        response = httpx.get(f"{self.url}/v1/conversations/{conversation_id}", params={"corpus": corpus})
        return [turn["answer"] for turn in response.json()["turns"]]

    def has_focus(self, selector: str) -> bool:
        return bool(self.page.evaluate("selector => document.activeElement.matches(selector)", selector))

    def serious_faults(self) -> list[str]:
        """What axe finds on the page as it is that shuts people out."""
        violations = _AXE.run(self.page).response["violations"]
        return [
            f"{each['id']}: {[node['html'][:200] for node in each['nodes']]}"
            for each in violations
            if each["impact"] in ("serious", "critical")
        ]

    def _dismiss(self, dialog: Dialog) -> None:
        self.noted.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _hear(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Trusted" in message.text:
            self.noted.append(f"policy: {message.text}")

    def _see(self, request: Request) -> None:
        if not request.url.startswith(f"{self.url}/"):
            self.noted.append(f"request: {request.url}")
