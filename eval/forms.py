"""A text and a surface form in, out whether the text holds the form: case, accents and typography aside, words whole.

Quotes, dashes, hyphens, Markdown and white space only part words, so "Al-Haq", "Al Haq" and "Al‑Haq" are one form;
"U.S." is "US". A number is one word: "3" is not in "3.8", and "35,500" is "35500". A currency or per cent sign in a
form must be in the text, one that only the text has does no harm. Citation markers ("[2]") are not read as numbers.
"""

import re
import unicodedata

_MARKER = re.compile(r"\[\d{1,3}\]")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_LATIN_MARKS = re.compile(r"(?<=[a-z])[\u0300-\u036f]+")
_ABBREVIATION = re.compile(r"\b[^\W\d_](?:\.[^\W\d_])+\b\.?")
_WORD = re.compile(r"(?:(?<![\w.,])\.)?\d+(?:[.,:]\d+)*[^\W\d_]*|[^\W_]+|[$€£¥%]")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")


def holds_form(text: str, form: str) -> bool:
    """Whether the words of `form` stand in `text`, one after another. A form without a word is in no text."""
    wanted = form_words(form)
    return bool(wanted) and f" {' '.join(wanted)} " in f" {' '.join(form_words(text))} "


def form_words(text: str) -> list[str]:
    """The words, whole numbers and currency or per cent signs of `text`, in the one spelling they are compared in."""
    seen = _INVISIBLE.sub("", _MARKER.sub(" ", text))
    bare = _LATIN_MARKS.sub("", unicodedata.normalize("NFD", seen.casefold()))
    joined = _ABBREVIATION.sub(lambda found: found.group().replace(".", ""), unicodedata.normalize("NFC", bare))
    return [_one_spelling(word) for word in _WORD.findall(joined)]


def _one_spelling(word: str) -> str:
    if word.startswith("."):
        return f"0{word}"
    return word.replace(",", "") if _THOUSANDS.fullmatch(word) else word
