"""Files of every format, ingested together, asked about, and their citations opened."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.bootstrap import open_chatbot, open_synchroniser
from rag.chatbot import Chatbot
from rag.corpus.loading import SourceFile, load
from rag.settings import Settings
from rag.types import Document
from tests.rag.corpus.formats import making

FILES = {
    "report.pdf": making.pdf(),
    "rules.docx": making.word(),
    "count.pptx": making.slides(),
    "prices.xlsx": making.sheet(),
    "tickets.csv": making.CSV.encode(),
    "page.html": making.PAGE.encode(),
    "mail.eml": making.mail(),
    "book.epub": making.book(),
    "people.jsonl": b'{"name": "Ann Shore", "born": 1984, "office": "keeper of the boats"}\n'
    b'{"name": "Carl Reef", "born": 1991, "office": "keeper of the kelp forest"}\n',
    "notes.md": b"# Notes\n\nThe kelp forest of Skarvik is nine hectares large.\n",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("formats")
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def chatbot(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatbot]:
    data_dir = tmp_path_factory.mktemp("data")
    report = open_synchroniser(data_dir, settings=Settings.model_validate({})).sync([folder])
    assert (len(report.added), report.failed) == (len(FILES), [])
    chatbot = open_chatbot(data_dir, settings=Settings.model_validate({}))
    yield chatbot
    chatbot.close()


def read(folder: Path, source: str) -> Document:
    path = folder / source
    return load(SourceFile(path, folder), path.read_bytes())


@pytest.mark.parametrize(
    ("source", "question", "quote", "place"),
    [
        ("report.pdf", "Who is the director of the trust?", "The director of the trust is Berta Holm.", "page 4"),
        (
            "report.pdf",
            "What is the price in euros of an adult ticket?",
            "Ticket: Adult; Price in euros: 12.50; Sold: 8,120.",
            "page 3",
        ),
        ("rules.docx", "From what age may members vote?", "Members may vote from the age of sixteen.", "Membership"),
        (
            "rules.docx",
            "What does an adult ticket cost in winter?",
            "Ticket: Adult; Season: Winter; Price: 8 euros.",
            "Fees",
        ),
        ("count.pptx", "How many volunteers walked the shore?", "Forty volunteers walked the shore.", "slide 1"),
        ("count.pptx", "What is the price of a child ticket?", "Ticket: Child; Price: 6 euros; Sold: 3004.", "slide 2"),
        (
            "prices.xlsx",
            "What is the price of an adult ticket?",
            "Ticket: Adult; Price: €12.50; Reduced by: 12.5%; Valid from: 2025-01-01.",
            "Prices!A3:D3",
        ),
        (
            "tickets.csv",
            "What is the price of a group ticket?",
            "Ticket: Group; Price: 100,00; Remark: ring first.",
            "row 4",
        ),
        ("page.html", "How many sea otters did the trust count?", making.COUNT, None),
        ("mail.eml", "How many sea otters did the trust count?", making.COUNT, None),
        (
            "book.epub",
            "Where do the otters spend the winter?",
            "The otters spend the winter in the old harbour of Skarvik.",
            "Winter",
        ),
        (
            "people.jsonl",
            "Who is the keeper of the kelp forest?",
            "name: Carl Reef; born: 1991; office: keeper of the kelp forest.",
            "record 2",
        ),
        (
            "notes.md",
            "How large is the kelp forest of Skarvik?",
            "The kelp forest of Skarvik is nine hectares large.",
            None,
        ),
    ],
)
def test_a_citation_opens_where_it_says(
    chatbot: Chatbot, folder: Path, source: str, question: str, quote: str, place: str | None
) -> None:
    answer = chatbot.ask(question, source=source)
    assert answer.verdict == "answered", answer.message
    citation = answer.citations[0]
    document = read(folder, source)
    assert (citation.source, citation.version) == (source, document.info.version)
    assert document.text[citation.start : citation.end] == citation.quote
    assert citation.quote == quote
    places = [one.label for one in document.places if one.start < citation.end and citation.start < one.end]
    assert places == ([place] if place else [])
    assert citation.place == place
