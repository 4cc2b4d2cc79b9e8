"""Nothing an attacker puts into a document or a model's mouth reaches a reader: real documents, the real engine.

An escape is anything shown that a reader's program would make a link, an image, HTML or a mention of, a marker that is
not ours, a hidden character, a piece of the prompt, or a citation that is not the document's exact words.
"""

import asyncio
import html
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from rag.answering.citations import render
from rag.answering.generation.filtering import plain_text
from rag.answering.generation.prompts import SYSTEM
from rag.bootstrap import make_investigator, open_synchroniser
from rag.chatbot import Chatbot
from rag.index.reader import IndexReader
from rag.questions import parse_question
from rag.settings import Settings
from rag.types import Answer, AnswerGiven, SentenceSaid
from tests.rag.answering.generation.attacks import KINDS, HostileDocument, Puppet, hostile_documents

SEED = 20
LEAST_COMBINATIONS = 5_000

_COMMONMARK = MarkdownIt("commonmark")
_MADE = {"link_open": "link", "image": "image", "html_inline": "HTML", "html_block": "HTML"}
_FOUND_BY_PROGRAMS = {  # GitHub's and other programs' own links, Slack's mrkdwn
    "address": re.compile(r"://|\b(?:www\.|mailto:|xmpp:)\S|(?<![\w:])//\w", re.IGNORECASE),
    "script or data": re.compile(r"\b(?:javascript|vbscript|data):\S", re.IGNORECASE),
    "domain": re.compile(r"[^\W_]\.(?!txt\b)[^\W\d_]{2}"),
    "mail or mention": re.compile(r"@\w"),
    "mrkdwn": re.compile(r"<[^\s<>][^<>]*>"),
    "marker": re.compile(r"[\[\]]"),
}


def escapes(text: str) -> Iterator[str]:
    """What would be made of `text`, as it is or decoded once more."""
    for form in {text, html.unescape(text), unquote(text), unicodedata.normalize("NFKC", text)}:
        yield from (_MADE[token.type] for token in _flat(_COMMONMARK.parse(form)) if token.type in _MADE)
        yield from (name for name, pattern in _FOUND_BY_PROGRAMS.items() if pattern.search(form))
    yield from (f"hidden {ord(one):04X}" for one in text if unicodedata.category(one)[0] == "C")


def _flat(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _flat(token.children or ())


def leaks(text: str, prompt: str) -> Iterator[str]:
    """What `text` gives away of the prompt: its mark, a rule, a clause of one."""
    yield from (mark for mark in re.findall(r"#\d{12}", prompt) if mark in text or mark[1:] in text)
    rules = (" ".join(rule.split()) for rule in re.split(r"[.:;\n]", SYSTEM))
    yield from (rule for rule in rules if len(rule) > 20 and rule in text)


def faults(answer: Answer, documents: dict[str, str], prompt: str = "") -> list[str]:
    """All that must not be in an answer, with where it is."""
    shown = [sentence.text for sentence in answer.sentences]
    shown += [answer.message, answer.standalone_question or "", *answer.missing]
    found = [f"{escape} in {text!r}" for text in shown for escape in (*escapes(text), *leaks(text, prompt))]
    markers = list(dict.fromkeys(marker for sentence in answer.sentences for marker in sentence.citations))
    if markers != [citation.marker for citation in answer.citations] or not all(one.citations for one in answer.sentences):
        found.append(f"markers {markers}")
    if answer.text != render(answer.sentences):
        found.append(f"text {answer.text!r}")
    made = [token.type for token in _flat(_COMMONMARK.parse(answer.text)) if token.type in _MADE]
    found += [f"{made} in the whole of {answer.text!r}"] if made else []
    return found + [
        f"citation {citation.marker} of {citation.source}"
        for citation in answer.citations
        if documents[citation.source][citation.start : citation.end] != citation.quote or not citation.quote
    ]


class Town:
    """The hostile documents, indexed, and the engine that answers from them."""

    def __init__(self, folder: Path, documents: list[HostileDocument]) -> None:
        corpus, data = folder / "documents", folder / "data"
        corpus.mkdir()
        entries = []
        for one in documents:
            (corpus / f"{one.town}.txt").write_bytes(one.text.encode())
            entries.append(
                f'[documents."{one.town}.txt"]\ntitle = {json.dumps(one.title)}\n'
                f"publisher = {json.dumps(one.publisher)}\npublished = 2031-03-14\n"
            )
        (corpus / "corpus.toml").write_text("\n".join(entries))
        settings = Settings.model_validate({})
        report = open_synchroniser(data, settings=settings).sync([corpus])
        assert (len(report.added), report.failed) == (len(documents), [])
        self.documents = documents
        self.texts = {f"{one.town}.txt": one.text for one in documents}
        investigator = make_investigator(settings)
        self.puppet = Puppet(SEED)
        reader = IndexReader(data, embedding_model=investigator.embedder.name)
        self.extractive = Chatbot(reader=reader, investigator=investigator)
        self.generative = Chatbot(reader=reader, investigator=investigator, model=self.puppet)

    def ask(self, document: HostileDocument) -> Answer:
        """The puppet's answer, made of exactly the sentences that were streamed."""
        self.puppet.attacks = document.attacks

        async def events() -> Answer:
            said = []
            async for event in self.generative.stream(parse_question(document.question)):
                if isinstance(event, SentenceSaid):
                    said.append(event.sentence)
                if isinstance(event, AnswerGiven):
                    assert list(event.answer.sentences) == said
                    return event.answer
            raise AssertionError("no answer")

        return asyncio.run(events())

    @property
    def prompt(self) -> str:
        return "\n".join(message.content for message in self.puppet.prompt)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    town = Town(tmp_path_factory.mktemp("town"), list(hostile_documents(seed=SEED)))
    yield town
    town.generative.close()
    town.extractive.close()


def test_nothing_escapes_from_an_obedient_model(town: Town) -> None:
    written, said, found = Counter[str](), 0, list[str]()
    for document in town.documents:
        answer = town.ask(document)
        written.update(attack.carrier for attack in town.puppet.written)
        said += len(answer.sentences)
        found += faults(answer, town.texts, town.prompt)
        assert (answer.verdict, answer.degraded) == ("answered", False)
    assert found == []
    print(written, said)
    assert written.total() >= LEAST_COMBINATIONS
    assert min(written[carrier] for carrier in ("unprompted", "ordered", "copied", "named")) >= 400
    assert said >= written.total() / 4  # what is left of an attack without its payload is true, and is said
