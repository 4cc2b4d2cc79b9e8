"""Answers for the tests of rendering: one to vary by hand, and strategies for any."""

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from rag.types import Answer, Citation, Passage, Sentence, Verdict

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # others may use the machine

HOSTILE = (
    "<!here> <!channel|x> <@U0AAAAAAA> <#C0AAAAAAA|general> <!subteam^S0AAAAAAA> @channel @here @everyone #general "
    "<https://evil.example/x|Reset your password> https://evil.example/a?b=1&c=2 www.evil.example evil.example "
    "mailto:boss@evil.example [click](https://evil.example) ![i](//evil.example/i.png) [1] [99] :smile: :100: "
    "*bold* _italic_ __init__ ~gone~ `code` ```block``` &lt;!here&gt; &amp; "
    "\u202egnp.exe\u202c \ud800 \x00\x07 <!date^1^x|y>"
)


def cited(marker: int, quote: str = "It was so.", **values: Any) -> Citation:
    given = {
        "document_id": f"d{marker}",
        "source": f"{marker:03}.txt",
        "title": f"Report {marker}",
        "published": "2025-09-05",
        "version": "sha256:ab12",
        "start": 10 * marker,
        "end": 10 * marker + len(quote),
        **values,
    }
    return Citation(marker=marker, quote=quote, **given)


def answered(*texts: str, **values: Any) -> Answer:
    """An answer whose nth sentence cites [n]."""
    answer = Answer(
        question="Was it so?",
        verdict="answered",
        sentences=tuple(
            Sentence(text=text, citations=(marker,), support=0.9) for marker, text in enumerate(texts, start=1)
        ),
        citations=tuple(cited(marker) for marker in range(1, len(texts) + 1)),
        model="extractive",
    )
    return replace(answer, **values)


_HOSTILE_WORDS = HOSTILE.split(" ")
_WORDS = st.one_of(
    st.sampled_from(
        ["the", "court", "of", "3.8", "million,", "U.S.", "ended.", "Was", "it?", "snake_case", "日本語。"]
    ),
    st.sampled_from(_HOSTILE_WORDS),
    st.text(max_size=12),
    st.sampled_from(["&" * 40, "<" * 900, "字" * 1500, "👩‍👩‍👧" * 200, "a" * 3500, "\n\n", "1. ", "> ", "# "]),
)
TEXTS = st.tuples(st.lists(_WORDS, min_size=1, max_size=8), st.sampled_from([1, 1, 1, 2, 9])).map(
    lambda made: " ".join(made[0] * made[1])
)
_SHORT = st.one_of(st.none(), TEXTS.map(lambda text: text[:400]))


@st.composite
def any_answer(draw: st.DrawFn) -> Answer:
    """Answers of every verdict: up to 48 sentences and citations, with texts as hostile and as long as they come."""
    quotes = draw(st.lists(TEXTS, max_size=4)) * draw(st.sampled_from([1, 1, 1, 2, 12]))
    citations = tuple(
        cited(marker, quote, title=draw(_SHORT), published=draw(st.sampled_from([None, "2025", "2025-09-05"])))
        for marker, quote in enumerate(quotes, start=1)
    )
    said = draw(st.lists(TEXTS, min_size=1, max_size=4)) * draw(st.sampled_from([1, 1, 1, 2, 12])) if quotes else []
    markers = st.lists(st.integers(1, max(len(quotes), 1)), min_size=1, max_size=4, unique=True)
    sentences = tuple(Sentence(text=text, citations=tuple(draw(markers)), support=0.5) for text in said)
    verdict: Verdict = draw(st.sampled_from(["answered", "partial", "disputed"])) if sentences else "abstained"
    passages = tuple(
        Passage(document_id=f"p{i}", source=f"{i}.txt", start=0, end=len(text), text=text, score=0.1)
        for i, text in enumerate(draw(st.lists(TEXTS, max_size=3)))
    )
    degraded = draw(st.booleans())
    return Answer(
        question=draw(TEXTS),
        verdict=verdict,
        reason="not_supported" if verdict == "abstained" else ("timeout" if degraded else None),
        sentences=sentences,
        citations=citations if sentences else (),
        passages=passages,
        model="extractive",
        degraded=degraded,
        missing=tuple(draw(st.lists(TEXTS.map(lambda text: text[:300]), max_size=3))),
        message=draw(st.one_of(st.just(""), TEXTS.map(lambda text: text[:3000]))),
        standalone_question=draw(_SHORT),
    )
