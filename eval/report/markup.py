"""Text and tags in, HTML out in which no text is ever markup.

Plain strings are escaped wherever they stand; only `Html`, which `tag` makes, is taken as it is. What documents,
questions and models say can therefore not become an element, an attribute or a script, whoever forgets about it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

_VOID = frozenset({"meta", "input", "br", "line", "circle", "rect", "path", "polygon"})
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Html:
    """Markup that is safe to write."""

    text: str

    def __str__(self) -> str:
        return self.text


Content = str | Html | None
Attribute = str | int | float | bool | None


def tag(name: str, /, *content: Content, **attributes: Attribute) -> Html:
    """An element; `class_` is `class` and `data_x` is `data-x`; True is a bare attribute, None and False are left out.

    An `svg`'s void elements close themselves, which HTML's parser accepts for both kinds.
    """
    opened = f"<{name}{''.join(map(_attribute, attributes, attributes.values()))}"
    if name in _VOID:
        return Html(f"{opened}/>")
    return Html(f"{opened}>{join(content)}</{name}>")


def join(content: Iterable[Content], between: str = "") -> Html:
    """The parts one after another, strings escaped."""
    return Html(escape(between).join(_written(part) for part in content if part is not None))


def seen(text: str) -> str:
    """`text` with what a reader cannot see made visible: control characters, those that reorder text, half characters.

    A right-to-left override in a document would otherwise make its own sentence, and what stands after it, read
    differently from what it is.
    """
    return _CONTROLS.sub(lambda found: f"⟨U+{ord(found.group()):04X}⟩", text)


def _written(part: Content) -> str:
    return part.text if isinstance(part, Html) else escape(seen(part or ""), quote=True)


def _attribute(name: str, value: Attribute) -> str:
    name = name.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    if value is True:
        return f" {name}"
    return f' {name}="{escape(seen(str(value)), quote=True)}"'
