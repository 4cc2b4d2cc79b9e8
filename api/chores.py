"""A message that a chat program sends for itself in, what it wants back out; None for a question.

Open WebUI and LibreChat ask the model that answers for a title of the chat, tags and follow-ups as well. None of that
is a question about the documents, so none is put to the engine: the title is the first question, the rest stays empty.
"""

import json
import re
import textwrap

_LONGEST_TITLE = 60

_WEBUI_TASK = re.compile(r"\A\s*### Task:\s")
_WEBUI_WANTS = re.compile(r'\{\s*"(title|tags|follow_ups|queries|text)"\s*:')
_LIBRECHAT_TITLE = re.compile(r"\A\s*(?:please )?(?:provide|generate) a concise, 5-word-or-less title\b", re.IGNORECASE)
_FIRST_TURN = re.compile(
    r"^\W{0,4}user\W{0,4}:\s*(?P<text>.+?)\s*(?=^\W{0,4}(?:assistant|ai)\W{0,4}:|^</|\Z)", re.I | re.M | re.S
)


def do_chore(message: str) -> str | None:
    """What to answer to `message` where it is no question."""
    if _LIBRECHAT_TITLE.match(message):
        return _title(message)
    wanted = _WEBUI_WANTS.search(message) if _WEBUI_TASK.match(message) else None
    if wanted is None:
        return None
    match wanted[1]:
        case "title":
            return json.dumps({"title": _title(message)}, ensure_ascii=False)
        case "text":
            return json.dumps({"text": ""})
        case several:
            return json.dumps({several: []})


def _title(message: str) -> str:
    first = _FIRST_TURN.search(message)
    return textwrap.shorten(first["text"], _LONGEST_TITLE, placeholder=" …") if first else "Chat"
