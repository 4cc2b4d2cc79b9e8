"""The server or the language model failing in the middle of things: what is told, what is kept, and trying again."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.api.serving import Running, attest_serve
from tests.model_server import ModelServer, Reply, Request
from tests.web.conftest import Visit

CARD = "who was sanctioned on 4 September 2025?"
TRUE = "CNN says that Marco Rubio said on 4 September 2025 that the US will sanction the three NGOs [1]. "
NEXT = "The three NGOs"  # the sentence before has ended once another has begun
MODEL = "gpt-4.1-mini"

Start = Callable[..., Running]


@pytest.fixture
def model(model_server: ModelServer) -> ModelServer:
    model_server.replies = [writes(TRUE)]
    return model_server


@pytest.fixture
def start(model: ModelServer, seeds_index: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts a server over the seeds whose answers that model writes; again over the same data after a fall."""
    shutil.copytree(seeds_index, tmp_path / "data")
    settings = {"ATTEST_CHAT_MODEL": MODEL, "OPENAI_API_KEY": "sk-none", "OPENAI_BASE_URL": model.base_url}
    with ExitStack() as stack:
        yield lambda *options: stack.enter_context(
            attest_serve(tmp_path / "data", tmp_path / "log", *options, **settings)
        )


def writes(*pieces: str, hang: bool = False) -> Callable[[Request], Reply]:
    """A reply that says the pieces, with the number of CNN's first passage for `[1]`; `hang`: and then no more."""

    def reply(request: Request) -> Reply:
        prompt = request["messages"][-1]["content"]
        number = next(line.split("[")[1][0] for line in prompt.splitlines() if "] CNN (2025-09-04)" in line)
        numbered = [piece.replace("[1]", f"[{number}]") for piece in pieces]
        return Reply(pieces=numbered, hang=hang, after=1 + len(pieces) if hang else None)

    return reply


def test_sentences_are_shown_as_they_are_proved_and_the_rest_can_be_stopped(
    visit: Visit, start: Start, model: ModelServer
) -> None:
    model.replies = [writes(TRUE, NEXT, hang=True)]
    visitor = visit(url=start().url)
    visitor.page.clock.install()
    turn = visitor.begin(CARD)
    expect(turn.locator("[data-sentence]")).to_have_count(1)
    expect(turn).to_have_attribute("data-state", "asking")
    expect(turn.locator("[data-verdict]")).to_have_count(0)
    turn.locator(".cite").click()  # what is said can be read up already
    expect(visitor.highlighted).to_contain_text("the US will sanction the three NGOs")
    visitor.page.clock.fast_forward(7_000)
    expect(turn.locator("[data-waiting]")).to_contain_text("Still working")
    expect(visitor.page.locator(".ask")).to_have_text("Stop")
    visitor.page.locator(".ask").click()
    expect(turn.locator("[data-error=stopped]")).to_be_visible()
    assert model.client_left.wait(timeout=10), "the server went on asking the model"
    expect(turn.locator("[data-sentence]")).to_have_count(1)
    model.replies = [writes(TRUE)]
    turn.locator("[data-action=retry]").click()
    expect(turn.locator("[data-verdict=answered]")).to_be_visible()
    expect(turn.locator(".provenance")).to_contain_text(f"Written by {MODEL}")


def test_a_server_lost_in_the_middle_of_an_answer_is_told_and_asked_again(
    visit: Visit, start: Start, model: ModelServer
) -> None:
    model.replies = [writes(TRUE, NEXT, hang=True), writes(TRUE)]
    served = start()
    visitor = visit(url=served.url)
    turn = visitor.begin(CARD)
    expect(turn.locator("[data-sentence]")).to_have_count(1)
    served.process.kill()
    expect(turn.locator("[data-error=lost]")).to_be_visible()
    expect(turn.locator("[data-verdict]")).to_have_count(0)
    expect(turn.locator(".said")).to_have_text([TRUE.replace(" [1]. ", ".")])  # what was proved stays
    expect(visitor.page.locator(".ask")).to_have_text("Ask")
    turn.locator("[data-action=retry]").click()
    expect(turn.locator("[data-error=unreachable]")).to_be_visible()
    start("--port", served.url.rpartition(":")[2])
    turn.locator("[data-action=retry]").click()
    expect(turn.locator("[data-verdict=answered]")).to_be_visible()
    expect(turn.locator(".said")).to_have_text([TRUE.replace(" [1]. ", ".")])
    assert len(visitor.answers()) == 1  # in the conversation that was begun before


def test_an_answer_without_the_model_says_so(visit: Visit, start: Start, model: ModelServer) -> None:
    model.replies = [Reply(status=503, body="")]
    turn = visit(url=start().url).ask(CARD)
    expect(turn.locator("[data-degraded=unavailable]")).to_contain_text("could not be reached")
    expect(turn.locator(".said").first).to_contain_text("CNN (2025-09-04) says: “")
    expect(turn.locator("[data-verdict=answered]")).to_be_visible()


def test_without_a_connection_nothing_is_lost(visit: Visit) -> None:
    visitor = visit()
    visitor.page.context.set_offline(True)
    turn = visitor.begin(CARD)
    expect(turn.locator("[data-error=unreachable]")).to_be_visible()
    visitor.page.context.set_offline(False)
    turn.locator("[data-action=retry]").click()
    expect(turn.locator("[data-verdict=answered]")).to_be_visible()
