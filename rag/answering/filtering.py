"""What a language model or a document says in, plain text on one line out: nothing that could render, load or hide.

What is surely an address is cut; what a reader's program might still take for one (`evil.example`, `@channel`) is
broken by a space, and so is `<`; square brackets become round. Without these neither CommonMark nor a chat program
makes a link, an image or HTML. Layers are peeled until nothing changes, since one encoding hides another. Look-alikes
(`ｈｔｔｐｓ：／／`) are found through a copy of the text that has one plain character for each.
"""

import html
import re
import unicodedata
from collections.abc import Callable

from rag.text import plain

LEFT_OUT = "…"
"""Stands where an address was."""

_MOST_LAYERS = 12  # honest text has two or three; what is wrapped deeper is not let through at all
_OPENING, _CLOSING = "［【〔〖〘〚⟦⟬⁅❲⦋⦍⦏⸢⸤﹝⎡⎣", "］】〕〗〙〛⟧⟭⁆❳⦌⦎⦐⸣⸥﹞⎤⎦"
_ROUND = str.maketrans({**dict.fromkeys(_OPENING + "[", "("), **dict.fromkeys(_CLOSING + "]", ")")})
_LOOKALIKES = {
    **dict.fromkeys(_OPENING, "["),
    **dict.fromkeys(_CLOSING, "]"),
    **{"∶": ":", "ː": ":", "⁄": "/", "∕": "/", "⧸": "/", "╱": "/", "․": ".", "ǃ": "!", "∖": "\\"},
}
_LINE_ENDS = "\n\r\v\f\x85\u2028\u2029"
_SHOWING_NOTHING = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")  # though letters, marks or symbols
_SELECTORS = frozenset((*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
_FILES = (  # none is a top-level domain, as "md", "py" and "zip" are
    "bak|bmp|cfg|conf|css|csv|dll|docx?|epub|exe|gif|gz|html?|ini|ipynb|java|jpe?g|js|json|jsonl|log|mp3|ods|odt|pdf|php|png|"
    "pptx?|rtf|sql|svg|tar|toml|tsv|txt|wav|webp|xlsx?|xml|ya?ml"
)

_PROSE = re.compile(  # nothing to do, in a tenth of the time: nine of ten sentences
    r"(?=[A-Za-z“\"(])(?:[A-Za-z0-9À-ÖØ-öø-ɏ,;()'\"“”‘’$€£–—-]++|[.:!?…](?![^\s\"”’)])| (?=\S))*+"
)
_IMAGE = re.compile(r"\s?!\[[^\[\]]*\](?:\((?:[^()]|\([^()]*\))*\)|\[[^\[\]]*\])?")
_FOOTNOTE = re.compile(r"\[\^[^\[\]]*\]:?")
_LINK = re.compile(r"\[([^\[\]]*)\]\((?:[^()]|\([^()]*\))*\)")
_ADDRESS = re.compile(
    r"""
    (?: (?<![\w+.-]) [\w+.-]*+ \s? : \s?/\s?/                                 # any scheme
      | \b(?:about|blob|callto|cid|data|facetime|file|ftp|geo|intent|jar|javascript|livescript|magnet|mailto|market
           |mhtml|sip|skype|sms|ssh|tel|urn|vbscript|view-source|xmpp) : (?=\S)
      | (?<![\w:/\\]) (?: /{2,} | \\{2,} ) (?=\w)                             # the page's own scheme, a Windows share
      | (?<![\w.-]) www\. (?=\w)
      | (?<![\w.-]) (?:[\w-]++\.)++ [a-z]{2,24} (?: :\d+ )? [/?\#] (?=\w)     # a host and a path
      | (?<![^\s<>"“”(|]) [^\s<>"“”(|]*? % [0-9a-f]{2} )                      # percent-encoded
    (?: [^\s<>"“”]* [^\s<>"“”.,;:!?)\]'’] )?                                  # its end; then the sentence goes on
    """,
    re.IGNORECASE | re.VERBOSE,
)
_AUTOLINK = re.compile(r"<…[^<>]*>")
_END_TAG = re.compile(r"</[^<>]*>")
_TAG = re.compile(  # of another name it is a placeholder, "<bucket>": it stays, broken
    r"<(?:[!?@#]|(?:a|abbr|area|article|audio|b|base|big|blockquote|body|br|button|canvas|center|code|dd|del|details|div|"
    r"dl|dt|em|embed|font|footer|form|frame|h[1-6r]|head|header|html|i|iframe|image|img|input|ins|kbd|li|link|main|"
    r"marquee|math|meta|nav|object|ol|option|p|picture|pre|q|s|script|section|select|small|source|span|strong|style|sub|"
    r"summary|sup|svg|table|tbody|td|template|textarea|th|thead|title|tr|tt|u|ul|video)\b)[^<>]*>",
    re.IGNORECASE,
)
_JOINT = re.compile(  # of "evil.example", not of "U.S.", "3.5" or "report.pdf"
    rf"(?<=[^\s.]\.)(?=[^\W\d_][\w\u0900-\u0dff])(?!(?:{_FILES})(?![\w-])(?!\.\w))|"
    r"(?<=[a-z\d]。)(?=[a-z]{2})|(?<=@)(?=\w)|(?<=<)(?=\S)",
    re.IGNORECASE,
)
_ESCAPE = re.compile(r"\\(?=[!-/:-@\[-`{-~])")
_LEAD = re.compile(r"\A(?:(?:[-+*•‣◦▪>|#]+|\d{1,3}[.)])\s+)+")


def plain_text(text: str) -> str:
    """`text` as one line of plain text; "" where nothing readable is left, or where layers hide it without end."""
    if _PROSE.fullmatch(text):
        return text
    for _ in range(_MOST_LAYERS):
        peeled = _peel(text)
        if peeled == text:
            return text
        text = peeled
    return ""


def visible(text: str) -> str:
    """`text` without control, format and other characters that show nothing; line breaks stay, other spaces are one."""
    return text if text.isascii() and text.isprintable() else text.translate(_SHOWN)


def is_plain(text: str) -> bool:
    """Whether nothing would be taken out of it."""
    return plain_text(text) == text


def _peel(text: str) -> str:
    """One layer off."""
    text = visible(html.unescape(text)).replace("\n", " ")
    text = _replace(_FOOTNOTE, _replace(_IMAGE, text, ""), "")
    text = _replace(_ADDRESS, _replace(_LINK, text, None), LEFT_OUT)
    text = _replace(_END_TAG, _replace(_AUTOLINK, text, LEFT_OUT), "")
    text = _replace(_JOINT, _replace(_TAG, text, " "), " ")
    text = _LEAD.sub("", plain(_ESCAPE.sub("", text.translate(_ROUND)))).replace("`", "'")
    return text.rstrip(" <")  # "<" before a quotation mark or a marker of ours might open a tag


def _replace(pattern: re.Pattern[str], text: str, instead: str | None) -> str:
    """`text` with `instead` for what `pattern` finds in its plain copy; None leaves the first group's in its place."""
    kept, end = list[str](), 0
    for match in pattern.finditer(text if text.isascii() else text.translate(_PLAIN)):
        kept += (text[end : match.start()], text[slice(*match.span(1))] if instead is None else instead)
        end = match.end()
    return "".join((*kept, text[end:])) if kept else text


class _Characters(dict[int, str]):
    """A table for `str.translate` that is filled as characters come up."""

    def __init__(self, become: Callable[[str], str]) -> None:
        self._become = become

    def __missing__(self, code: int) -> str:
        self[code] = self._become(chr(code))
        return self[code]


def _look(character: str) -> str:
    """What it looks like, in one character, so that offsets stay."""
    plain = unicodedata.normalize("NFKC", character)
    plain = plain if len(plain) == 1 else character
    return _LOOKALIKES.get(plain, plain)


def _show(character: str) -> str:
    category = unicodedata.category(character)
    if character in _LINE_ENDS:
        return "\n"
    if character == "\t" or category.startswith("Z"):
        return " "
    hidden = category.startswith("C") or character in _SHOWING_NOTHING or ord(character) in _SELECTORS
    return "" if hidden else character


_PLAIN, _SHOWN = _Characters(_look), _Characters(_show)
