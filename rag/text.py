"""Raw text in, exact spans of blocks and sentences out, and the words that keyword search and scoring share.

Blocks (paragraphs, headings, list items, wrapped lines) are found here, from line breaks; sentences inside a block by
sentencex. No span is ever rewritten: offsets stay those of the stored text.
"""

import re
import threading
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import pairwise

import sentencex
import snowballstemmer

from rag.types import Span

_MAX_SENTENCE_CHARS = 2000  # a longer "sentence" is data, not prose: it is cut at spaces
_HEADING_WORDS = 12
_MOST_AT_ONCE = 10_000  # characters for sentencex, which takes the square of their number: 100,000 “ take it 3 s
_STATEMENT_WORDS = 3
_WRAP_WIDTHS = range(50, 120)  # line lengths at which people and mailers wrap

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_MARKER = re.compile(r"\s*(?:[-*+•‣◦▪–—]|\(?\d{1,3}[.)]|\(?[a-z][.)]|\(?[A-Z]\)|>+)\s+")  # "J. Smith" is a name
_RULE = re.compile(r"\s*(?:[-*_=~#]\s*){3,}")
_ATX = re.compile(r"\s{0,3}#{1,6}\s+")
_TERMINAL = re.compile(r"[.!?…。？！]+[\"'”’»)\]*_`]*(?:\s*\[\d+\])*\s*$")
_CLOCK = re.compile(r"\b[ap]\.m\.\s*$")
_CLOSING_EMPHASIS = re.compile(r"(?<=\S)[*_`]++(?!\w)")
_OPENING_EMPHASIS = re.compile(r"(?<![\w*`])[*_`]++(?=[^\s.])")
_ADDRESS = re.compile(r"<?(?:https?://|www\.|mailto:)\S+|(?<!\S)[^\s@]+@[^\s@]+\.[^\s@]+")
_DECORATION = " \t\r\n\u00a0*_`#>"
_WORD = re.compile(r"\d+(?:[.,]\d+)+[^\W_]*|[^\W_]+")
_LATIN_MARKS = re.compile(r"(?<=[a-z])[\u0300-\u036f]+")
_LATER_PORTER = re.compile(r"(?P<stem>.*(?:[aeiou]|(?<=[^aeiou])y)[^aeiou].*)(?P<suffix>logi|bli)")

STOP_WORDS = frozenset(
    """a about all also am an and any are as at be been being but by can could did do does doing for from get got
    had has have having he her here hers him his how i if in into is it its itself just know me more most my no
    nor not of on once only or other our out over own please s said same say says shall she should so some such
    t tell than thank thanks that the their theirs them then there these they this those through to too under
    until up very was we were what when where which while who whom whose why will with would you your""".split()
)


def split_sentences(text: str) -> list[Span]:
    """Spans of the sentences, headings and list items of `text`, in order, without surrounding white space.

    Together they hold every character that is not white space, a list marker, a horizontal rule or a byte order mark.
    """
    spans: list[Span] = []
    for block in split_blocks(text):
        for piece in _sentences_of(text, block):
            spans.extend(cut for cut in _cut_long(text, piece) if cut.start < cut.end)
    return spans


def split_blocks(text: str) -> list[Span]:
    """Spans of paragraphs, headings and list items: stretches that no sentence crosses."""
    return [
        block
        for lines in _paragraphs(text)
        for start, end in _join_wrapped(text, lines)
        if (block := _trim(text, _skip_marker(text, Span(start, end)))).start < block.end
    ]


def is_statement(sentence: str) -> bool:
    """Whether this says something: not a heading, a label, a question, an address or page furniture.

    Titles and furniture ("top of page", "Image not found") are short and do not end like a sentence.
    """
    count = len(_WORD.findall(_ADDRESS.sub(" ", sentence)))
    if count < _STATEMENT_WORDS or _ATX.match(sentence):
        return False
    if ending := _TERMINAL.search(sentence):
        return "?" not in ending.group() and "？" not in ending.group()
    return count > _HEADING_WORDS and not sentence.rstrip(_DECORATION).endswith(":")


def plain(sentence: str) -> str:
    """`sentence` on one line, without Markdown's heading and emphasis marks; for showing, never for offsets."""
    bare = _CLOSING_EMPHASIS.sub("", _OPENING_EMPHASIS.sub("", _ATX.sub("", sentence)))
    return " ".join(bare.split())


def words(text: str) -> list[str]:
    """Lower-case words, Latin ones without diacritics, as the keyword index has them; but "3.5" is one word here."""
    lowered = text.lower()
    if not lowered.isascii():
        bare = _LATIN_MARKS.sub("", unicodedata.normalize("NFD", lowered))
        lowered = unicodedata.normalize("NFC", bare)
    return _WORD.findall(lowered)


def content_stems(text: str) -> list[str]:
    """Porter stems of the words that carry content, in order, stop words left out."""
    return [stem(word) for word in words(text) if word not in STOP_WORDS]


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The Porter stem that SQLite's FTS5 makes of a lower-case word: short and endless words as they are, and with the
    two rules that Porter added later, which Snowball's `porter` lacks ("technolog", "assembl")."""
    if not 3 <= len(word) <= 64:
        return word
    porter = _porter()
    found = porter(word)
    if later := _LATER_PORTER.fullmatch(found):
        return f"{later['stem']}log" if later["suffix"] == "logi" else porter(f"{later['stem']}ble")
    return found


def _porter() -> Callable[[str], str]:
    """This thread's own: a Snowball stemmer keeps the word it works on in itself."""
    if not hasattr(_stemmers, "porter"):
        _stemmers.porter = snowballstemmer.stemmer("porter").stemWord
    porter: Callable[[str], str] = _stemmers.porter
    return porter


_stemmers = threading.local()


def _paragraphs(text: str) -> Iterator[list[Span]]:
    """Runs of lines between blank lines and rules; a heading or list item opens a run of its own."""
    run: list[Span] = []
    for match in _LINE.finditer(text, int(text.startswith("\ufeff"))):  # a byte order mark is no text
        line = match.group()
        if not line:
            break
        span = Span(*match.span())
        blank = not line.strip() or _RULE.fullmatch(line) is not None
        if run and (blank or _MARKER.match(line) or _ATX.match(line)):
            yield run
            run = []
        if blank:
            continue
        run.append(span)
        if _ATX.match(line):
            yield run
            run = []
    if run:
        yield run


def _join_wrapped(text: str, lines: list[Span]) -> Iterator[tuple[int, int]]:
    """Joins lines broken by wrapping; a line that ended early, with room for the next word, ended its block."""
    width = max(len(text[line.start : line.end].rstrip()) for line in lines)
    start = lines[0].start
    for line, following in pairwise(lines):
        this, after = text[line.start : line.end].rstrip(), text[following.start : following.end].strip()
        first_word = after.split(maxsplit=1)[0]
        wrapped = width in _WRAP_WIDTHS and len(this) + 1 + len(first_word) > width
        if not (wrapped or after[0].islower()):
            yield start, line.end
            start = following.start
    yield start, lines[-1].end


def _sentences_of(text: str, block: Span) -> Iterator[Span]:
    # A line break inside a block is only wrapping; sentencex takes it for a boundary before a bracket, say.
    content = re.sub(r"[\r\n\t]", " ", text[block.start : block.end])
    ends = [
        closing.end() if (closing := _CLOSING_EMPHASIS.match(content, end)) else end for end in _boundaries(content)
    ]
    start = 0
    for end, following in pairwise([*ends, len(content)]):
        if _WORD.search(content, end, following):
            yield _trim(text, Span(block.start + start, block.start + end))
            start = end
    if content[start:].strip():
        yield _trim(text, Span(block.start + start, block.end))


def _boundaries(content: str) -> Iterator[int]:
    """Where sentences of a block end. A stretch with no end in it is data: `_cut_long` sees to that."""
    start = 0
    while start < len(content):
        stretch = content[start : start + _MOST_AT_ONCE]
        found = sentencex.get_sentence_boundaries("en", stretch)
        if start + len(stretch) < len(content):
            found = found[:-1]  # it goes on in the next stretch, which begins where it does
        for sentence in found:
            if not _CLOCK.search(sentence["text"]):  # "at 3 p.m. Monday": sentencex ends the sentence there
                yield start + sentence["end_index"]
        start += found[-1]["end_index"] if found else len(stretch)


def _cut_long(text: str, span: Span) -> Iterator[Span]:
    start = span.start
    while span.end - start > _MAX_SENTENCE_CHARS:
        space = text.rfind(" ", start + 1, start + _MAX_SENTENCE_CHARS)
        cut = space if space > start else start + _MAX_SENTENCE_CHARS
        yield _trim(text, Span(start, cut))
        start = cut
    yield _trim(text, Span(start, span.end))


def _skip_marker(text: str, block: Span) -> Span:
    match = _MARKER.match(text, block.start, block.end)
    return Span(match.end(), block.end) if match else block


def _trim(text: str, span: Span) -> Span:
    content = text[span.start : span.end]
    start = span.start + len(content) - len(content.lstrip())
    return Span(start, max(start, span.start + len(content.rstrip())))
