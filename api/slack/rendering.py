"""An answer, or why there is none, in; the messages that show it in Slack out.

An answer reads: what was understood, the verdict, the sentences with their `[n]`, then each citation under the same
`[n]` with its title, date and quote, then the buttons. Whatever is longer than one message goes on in the next.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import ceil
from urllib.parse import urlencode

from api.errors import describe
from api.slack.blocks import (
    Block,
    SlackMessage,
    actions,
    button,
    context,
    contexts,
    divider,
    messages,
    section,
    sections,
)
from api.slack.escaping import escaped
from api.slack.limits import MOST_TEXT_OBJECT_CHARS, weight
from api.slack.splitting import packed, pieces
from rag.errors import StoreError
from rag.types import Answer, Citation, Degradation, Passage, Sentence

UP = "attest_up"
DOWN = "attest_down"
COMMENT = "attest_comment"
PERSON = "attest_person"
SHARE = "attest_share"
ONLY_ME = "attest_only_me"

_MOST_PASSAGES = 3
_MOST_PASSAGE_CHARS = 600  # weighed; a passage beside an abstention proves nothing, so its beginning will do
_MOST_TITLE_CHARS = 150
_MOST_LINK_CHARS = 1000
_TOO_LONG = "_Slack takes no more here. Mention the app in a channel to see the whole answer._"
_OUR_FAULT = "The fault is on our side, and the server’s log says what it is."
_DISAGREE = "The sources disagree: "
_NO_ANSWER = "No answer: "
_FAULTS: Mapping[Degradation | str, str] = {
    "timeout": "took too long",
    "rate_limited": "was asked too often",
    "out_of_quota": "has nothing left to spend",
    "unauthorised": "refused our key",
    "refused": "would not answer",
    "unproved": "wrote nothing that the documents prove",
    "unavailable": "could not be reached",
    "circuit_open": "has been failing and is left alone for a while",
}


def render(
    answer: Answer,
    *,
    answer_id: str,
    public_url: str | None,
    corpus: str,
    buttons: bool = True,
    ephemeral: bool = False,
    person: bool = False,
    streamed: bool = False,
    most: int | None = None,
) -> list[SlackMessage]:
    """The messages to post one after another; each is within Slack's limits.

    `answer_id` is the value of every button. `public_url` is where the page is served; without it, citations have no
    links. `ephemeral` adds the choice between sharing and keeping it, `person` the button that asks one. `streamed`
    leaves out the sentences: they stand already above, as `render_sentence` gave them. Where `most` messages are not
    enough, the last of them says so in place of the rest.

    Raises:
        ValueError: `answer_id` is longer than 255 characters.
    """
    page = _Page(public_url, corpus)
    shown = [*_understood(answer), *_verdict(answer), *_degraded(answer)]
    if not streamed:
        shown += [section(text) for text in packed(_said(answer.sentences))]
    if answer.verdict == "abstained":
        shown += _nearest(answer.passages[:_MOST_PASSAGES], page)
    elif answer.citations:
        if not streamed:
            shown.append(divider())
        shown += [block for citation in answer.citations for block in page.citation(citation)]
    last = _buttons(answer_id, ephemeral=ephemeral, person=person) if buttons else ()
    whole = messages(shown, last=last)
    if most is None or len(whole) <= most:
        return whole
    return [*messages(shown)[: most - 1], *messages([context(_TOO_LONG)], last=last)]


def without_choice(message: SlackMessage, answer_id: str) -> SlackMessage:
    """The last message of an `ephemeral` answer, once it was chosen who is to see it."""
    return replace(message, blocks=[*message.blocks[:-1], *_buttons(answer_id, ephemeral=False, person=False)])


def render_sentence(sentence: Sentence) -> str:
    """One sentence with its `[n]`, for an answer that is still growing: safe as mrkdwn and as Markdown."""
    return replace(sentence, text=escaped(sentence.text)).marked.rstrip()


def render_error(error: BaseException) -> list[SlackMessage]:
    """What went wrong, in the words that every client gets; what is for whoever runs the server is not told."""
    problem = describe(error)
    told = _OUR_FAULT if problem.type == "internal" or isinstance(error, StoreError) else _sentence_of(problem.message)
    wait = problem.headers.get("Retry-After")
    again = [section(f"Please ask again in {_spoken_seconds(float(wait))}.")] if wait else []
    return messages([*sections(told, heading="*That did not work.*"), *again])


def render_overload(retry_after_seconds: float) -> list[SlackMessage]:
    """That a question was not taken, and when to ask it again."""
    when = _spoken_seconds(retry_after_seconds)
    told = f"*Too many questions are waiting just now,* so this one was not taken. Please ask again in {when}."
    return messages([section(told)])


class _Page:
    """The page of one corpus, as far as it can be linked to."""

    def __init__(self, public_url: str | None, corpus: str) -> None:
        self._root = public_url.rstrip("/") if public_url else None
        self._corpus = corpus

    def citation(self, citation: Citation) -> list[Block]:
        """Its number, title and date, then its quote; the first block has at least the beginning of that."""
        return _quoted(f"*[{citation.marker}]* {self._heading(citation, citation.place)}", citation.quote)

    def passage(self, passage: Passage) -> list[Block]:
        beginning, *more = pieces(passage.text, _MOST_PASSAGE_CHARS) or [""]
        return [section(f"{self._heading(passage)}\n{beginning}{' …' if more else ''}")]

    def _heading(self, source: Citation | Passage, place: str | None = None) -> str:
        """Its title as a link, its date, and where in the file it is."""
        known = [escaped(one) for one in (source.published, place) if one]
        return " · ".join([self._linked(source.title or source.source, source), *known])

    def _linked(self, name: str, source: Citation | Passage) -> str:
        label = escaped(name if len(name) <= _MOST_TITLE_CHARS else f"{name[:_MOST_TITLE_CHARS]}…") or "untitled"
        if self._root is None:
            return label
        where: dict[str, str | int] = {
            "document": source.document_id,
            **({"version": source.version} if source.version else {}),
            "start": source.start,
            "end": source.end,
            "corpus": self._corpus,
        }
        address = _escaped_address(f"{self._root}/?{urlencode(where, safe=':', errors='replace')}")
        return f"<{address}|{label}>" if len(address) <= _MOST_LINK_CHARS else label


def _escaped_address(address: str) -> str:
    """Ours, with what mrkdwn would end a link at taken out of its way."""
    return address.replace("&", "&amp;").replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")


def _understood(answer: Answer) -> list[Block]:
    return contexts(answer.standalone_question, heading="Understood as:") if answer.standalone_question else []


def _verdict(answer: Answer) -> list[Block]:
    """Nothing where the answer is plain; otherwise the verdict and what it rests on."""
    untold = [part for part in answer.missing if part not in answer.message]
    note = f"{answer.message} Not in the documents: {'; '.join(untold)}" if untold else answer.message
    match answer.verdict:
        case "answered":
            return contexts(answer.message)
        case "disputed":
            return sections(note.removeprefix(_DISAGREE), heading="*The sources disagree.*")
        case "partial":
            return sections(note, heading="*Answered in part.*")
        case "abstained":
            heading = "*There is nothing to read yet.*" if answer.reason == "empty_index" else "*Not in the documents.*"
            told = (answer.message or "They do not say it.").removeprefix(_NO_ANSWER)
            return sections(f"{told[0].upper()}{told[1:]}", heading=heading)


def _degraded(answer: Answer) -> list[Block]:
    if not answer.degraded:
        return []
    fault = _FAULTS.get(answer.reason or "", "failed")
    instead = ", so the documents speak for themselves: these are their own words" if answer.sentences else ""
    return [context(f"The language model {fault}{instead}.")]


def _said(sentences: Sequence[Sentence]) -> Iterator[tuple[str, str]]:
    """Each sentence whole, or, where it is longer than a section, its pieces and then its markers."""
    for sentence in sentences:
        whole = render_sentence(sentence)
        if weight(whole) <= MOST_TEXT_OBJECT_CHARS:
            yield " ", whole
            continue
        yield from ((" ", piece) for piece in pieces(sentence.text))
        yield from ((" " if i == 0 else "", f"[{marker}]") for i, marker in enumerate(sentence.citations))


def _quoted(heading: str, quote: str) -> list[Block]:
    first, *others = pieces(quote, MOST_TEXT_OBJECT_CHARS - weight(heading) - weight("\n“”")) or [""]
    quoted = [f"“{first}", *others]
    quoted[-1] += "”"
    return [section(text) for text in packed([("", heading), *(("\n", piece) for piece in quoted)])]


def _nearest(passages: Sequence[Passage], page: _Page) -> list[Block]:
    if not passages:
        return []
    return [section("Nearest passages:"), *(block for passage in passages for block in page.passage(passage))]


def _buttons(answer_id: str, *, ephemeral: bool, person: bool) -> list[Block]:
    rating = [
        button("👍", UP, answer_id, spoken="This helped"),
        button("👎", DOWN, answer_id, spoken="This did not help"),
        button("Comment", COMMENT, answer_id),
    ]
    asking = [button("Ask a person", PERSON, answer_id)] if person else []
    sharing = [button("Share here", SHARE, answer_id, primary=True), button("Only me", ONLY_ME, answer_id)]
    return [actions(*(sharing if ephemeral else ()), *rating, *asking)]


def _sentence_of(message: str) -> str:
    """An error's message as a sentence; they begin small and end without a full stop."""
    told = message[:1].upper() + message[1:]
    return told if told.endswith((".", "!", "?")) else f"{told}."


def _spoken_seconds(seconds: float) -> str:
    """In words a reader can use: "12 seconds", "2 minutes"."""
    if seconds > 90:
        return f"{ceil(seconds / 60)} minutes"
    whole = max(1, ceil(seconds))
    return f"{whole} second{'' if whole == 1 else 's'}"
