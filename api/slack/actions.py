"""Buttons and the comment form in, feedback kept and messages shared or asked of a person out."""

import asyncio
import json
import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from api.feedback import FEEDBACK, FeedbackStore, Rating
from api.slack.answers import Answers, Given
from api.slack.asides import asks_a_person
from api.slack.blocks import SlackMessage
from api.slack.calls import CallFailed, Calls
from api.slack.limits import MOST_RESPONSES
from api.slack.rendering import COMMENT, DOWN, ONLY_ME, PERSON, SHARE, UP, render, without_choice
from api.slack.responses import respond
from rag.corpora import Corpora
from rag.errors import AttestError
from rag.settings import SlackSettings

ACTIONS = (UP, DOWN, COMMENT, PERSON, SHARE, ONLY_ME)
COMMENT_FORM = "attest_comment_form"

_MOST_COMMENT_CHARS = 2000
_RATINGS: Mapping[str, Rating] = {UP: "up", DOWN: "down"}
_THANKS = "Thank you. Your feedback is kept."

_log = logging.getLogger("attest.slack")


class Actions:
    """What happens on a click. Each is done after Slack was told that it was received."""

    def __init__(self, corpora: Corpora, settings: SlackSettings, *, calls: Calls, answers: Answers) -> None:
        self._corpora = corpora
        self._settings = settings
        self._calls = calls
        self._answers = answers

    async def clicked(self, body: Mapping[str, Any]) -> None:
        """Does what the button says; where it cannot, tells whoever clicked."""
        [action] = body["actions"]
        name, action_id, url = str(action["value"]), action["action_id"], body.get("response_url") or ""
        try:
            given = await self._answers.find(name)
            if given is None:
                await _tell(url, "That answer is too old for its buttons: ask again.")
                return
            match action_id:
                case "attest_up" | "attest_down":
                    await self._keep(given, _RATINGS[action_id], user=body["user"]["id"])
                    await _tell(url, _THANKS)
                case "attest_comment":
                    await self._calls.call("views.open", trigger_id=body["trigger_id"], view=_form(name, url))
                case "attest_share":
                    await self._share(given, name, url)
                case "attest_only_me":
                    await self._settle(given, name, url)
                case "attest_person":
                    await self._ask_a_person(given, user=body["user"]["id"])
        except (CallFailed, AttestError) as error:
            _log.error("%s: %s", action_id, error)
            await _tell(url, "That did not work; the server's log says why.")

    async def commented(self, body: Mapping[str, Any]) -> None:
        """Keeps what was written into the form."""
        view = body["view"]
        about = json.loads(view["private_metadata"])
        values = view["state"]["values"]
        typed = str(values["comment"]["text"].get("value") or "")
        comment = typed.encode(errors="replace").decode().strip()  # no half characters, which no database takes
        rating: Rating = "up" if values["rating"]["choice"]["selected_option"]["value"] == "up" else "down"
        url = str(about["response_url"])
        try:
            given = await self._answers.find(about["answer"])
            if given is not None:
                await self._keep(given, rating, user=body["user"]["id"], comment=comment or None)
                await _tell(url, _THANKS)
        except AttestError as error:
            _log.error("comment: %s", error)
            await _tell(url, "Your comment could not be kept; the server's log says why.")

    async def _keep(self, given: Given, rating: Rating, *, user: str, comment: str | None = None) -> None:
        store = FeedbackStore(self._corpora.folder(given.corpus) / FEEDBACK)
        answer = given.answer
        await asyncio.to_thread(
            partial(
                store.add,
                rating,
                question=answer.question,
                comment=comment,
                conversation_id=answer.conversation_id,
                answer=answer.to_dict(),
                owner=f"slack {given.team}/{user}",
            )
        )

    async def _share(self, given: Given, name: str, url: str) -> None:
        """Shows the channel what only one saw, and takes that one away."""
        for message in self._shown(given, name, most=MOST_RESPONSES - 1):  # one is for taking it away
            await respond(url, message, response_type="in_channel", replace_original=False)
        await respond(url, delete_original=True)

    async def _settle(self, given: Given, name: str, url: str) -> None:
        """Keeps it to the one who asked: the choice goes."""
        *_, last = self._shown(given, name, most=MOST_RESPONSES, ephemeral=True)  # the one with the buttons
        await respond(url, without_choice(last, name), response_type="ephemeral", replace_original=True)

    def _shown(self, given: Given, name: str, *, most: int, ephemeral: bool = False) -> list[SlackMessage]:
        return render(
            given.answer,
            answer_id=name,
            public_url=self._settings.public_url,
            corpus=given.corpus,
            ephemeral=ephemeral,
            most=most,
        )

    async def _ask_a_person(self, given: Given, *, user: str) -> None:
        group = self._settings.slack_ask_a_person
        if group is None:
            return
        await self._calls.call(
            "chat.postMessage",
            channel=given.channel,
            thread_ts=given.thread_ts or None,
            once=True,
            text=asks_a_person(group=group, user=user),
        )


async def _tell(url: str, text: str) -> None:
    """Says it to whoever clicked, if Slack lets us."""
    if not url:
        return
    try:
        await respond(url, text=text, response_type="ephemeral", replace_original=False)
    except CallFailed as failure:
        _log.warning("%s", failure)


def _form(name: str, url: str) -> dict[str, Any]:
    """The comment form, which knows what it is about."""
    choices = [
        {"text": {"type": "plain_text", "text": "👍 It helped", "emoji": True}, "value": "up"},
        {"text": {"type": "plain_text", "text": "👎 It did not help", "emoji": True}, "value": "down"},
    ]
    return {
        "type": "modal",
        "callback_id": COMMENT_FORM,
        "private_metadata": json.dumps({"answer": name, "response_url": url}),
        "title": {"type": "plain_text", "text": "About this answer"},
        "submit": {"type": "plain_text", "text": "Send"},
        "close": {"type": "plain_text", "text": "Cancel"},
        "blocks": [
            {
                "type": "input",
                "block_id": "rating",
                "label": {"type": "plain_text", "text": "Was it any good?"},
                "element": {
                    "type": "radio_buttons",
                    "action_id": "choice",
                    "options": choices,
                    "initial_option": choices[1],
                },
            },
            {
                "type": "input",
                "block_id": "comment",
                "optional": True,
                "label": {"type": "plain_text", "text": "What should be better?"},
                "element": {
                    "type": "plain_text_input",
                    "action_id": "text",
                    "multiline": True,
                    "max_length": _MOST_COMMENT_CHARS,
                },
            },
        ],
    }
