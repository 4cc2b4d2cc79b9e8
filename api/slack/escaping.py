"""Foreign text in, text that Slack shows as it stands out: nothing in it is live, as mrkdwn or as Markdown.

Foreign is whatever is not written in this package: documents, titles, questions, what a model said. `& < >` become
entities, as Slack asks. What starts a mention, a link, an emoji or a marker of ours is parted by a zero-width space.
mrkdwn has no escape for its formatting characters, and whether a zero-width space keeps them from pairing depends on
the client: they become their closest lookalikes.
"""

import re
import unicodedata

ZERO_WIDTH_SPACE = "\u200b"

_JOINERS = "\u200c\u200d"  # invisible, but part of how Persian, Hindi and emoji are written
_LOOKALIKES = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ"})
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_EMPHASIS = re.compile(r"(?<![^\W_])_|_(?![^\W_])")  # not the ones inside snake_case
_LIVE = re.compile(
    r"""<(?=[!@\#A-Za-z])                       # <!here>, <@U123>, <https://...>
    | @(?=\w)                                   # @channel, and addresses of mail
    | \#(?=[^\W\d])                             # #general
    | :(?=//)                                   # https://
    | (?<=\w)\.(?=[^\W\d_]{2})(?!(?:txt|html?|pdf|docx?|csv|json)\b)  # example.com, www.; no top-level domains
    | :(?=[^\s:]+:)(?!(?<=\d:)\d+:)             # :smile:, but 10:30:45
    | \[(?=\d+\])                               # [1]
    | \](?=[(:])                                # Markdown's [text](address)
    """,
    re.VERBOSE,
)
_LINE_START = re.compile(r"[-+#=>|]|\d+[.)]\s")  # would be a list, a heading or a quotation


def escaped(text: str) -> str:
    """`text` on one line, safe anywhere in mrkdwn, also as a link's label, and in Markdown; "" where nothing shows."""
    line = " ".join("".join(map(_shown, text)).split())
    unformatted = _EMPHASIS.sub("\u02cd", line).translate(_LOOKALIKES)
    safe = _LIVE.sub(rf"\g<0>{ZERO_WIDTH_SPACE}", unformatted).translate(_ENTITIES)
    return f"{ZERO_WIDTH_SPACE}{safe}" if _LINE_START.match(line) else safe


def _shown(character: str) -> str:
    """Without what steers the text around it, such as bidirectional overrides, and without halves of characters."""
    match unicodedata.category(character):
        case "Cc":
            return " "
        case "Cs":
            return "\ufffd"
        case "Cf" if character not in _JOINERS:
            return ""
    return character
