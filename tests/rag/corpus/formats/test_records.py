"""`rag.corpus.formats.records`: JSON of any shape, and back again what `attest export` writes."""

import json

import pytest

from rag.corpus.formats.records import read
from rag.corpus.metadata import Metadata
from rag.errors import DocumentError
from rag.types import Place

EXPORTED = {
    "document_id": "0123456789abcdef",
    "source": "otters.txt",
    "version": "sha256:00",
    "title": "Otters",
    "publisher": None,
    "published": "2025-09",
    "published_basis": "printed",
    "authors": "Ann Shore",
    "language": "en",
    "text": "# Otters\n\nOtters sleep in kelp.\n",
}


def test_an_exported_document_alone_in_its_file_is_itself_again() -> None:
    content = read(json.dumps(EXPORTED | {"body_start": 10, "places": [[10, 31, "page 1"]]}).encode() + b"\n")
    assert content.text == EXPORTED["text"]
    assert content.metadata == Metadata(
        title="Otters", published="2025-09", published_basis="printed", authors="Ann Shore", language="en"
    )
    assert (content.body_start, content.places) == (10, (Place(10, 31, "page 1"),))


def test_several_exported_documents_are_sections_of_one() -> None:
    lines = [json.dumps(EXPORTED | {"title": title}) for title in ("Otters", "Seals")]
    content = read("\n".join(lines).encode())
    assert [place.label for place in content.places] == ["record 1", "record 2"]
    second = content.places[1]
    assert content.text[second.start : second.end] == (
        "## Seals\n\nauthors: Ann Shore; published: 2025-09\n\n# Otters\n\nOtters sleep in kelp."
    )


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ('{"name": "Ann", "age": 41, "address": {"city": "Oslo"}}', "name: Ann; age: 41; address.city: Oslo."),
        ('[{"name": "Ann"}, {"name": "Ben"}]', "name: Ann.\n\nname: Ben."),
        ('{"name": "Ann"}\n\n{"name": "Ben"}\n', "name: Ann.\n\nname: Ben."),
        ('{"count": 1, "results": [{"name": "Ann"}]}', "count: 1.\n\nname: Ann."),
        ('{"price": 0.30, "big": 123456789012345678901234567890}', "price: 0.30; big: 123456789012345678901234567890."),
        ('{"tags": ["a", "b"], "open": true, "none": null}', "tags: a, b; open: true."),
        ('{"items": [{"a": 1, "b": {"c": 2}}], "x": 1, "y": [1]}', "x: 1; y: 1.\n\na: 1; b.c: 2."),
        ('{"title": "Otters", "text": "They sleep.\\n\\nIn kelp."}', "## Otters\n\nThey sleep.\n\nIn kelp."),
        ('["First.", "Second."]', "First.\n\nSecond."),
        ('{"lone": "a\\ud800b\\u0000c"}', "lone: abc."),
    ],
)
def test_records_are_sentences_of_their_fields(content: str, text: str) -> None:
    assert read(content.encode()).text == text


def test_a_long_field_is_a_paragraph_under_its_name() -> None:
    long = "Otters sleep in kelp. " * 12
    assert read(json.dumps({"id": 7, "summary": long}).encode()).text == f"id: 7.\n\nsummary: {long.strip()}"


def test_a_single_record_describes_its_document() -> None:
    content = read(
        b'{"title": "Otters", "date": "2025-09-04T10:00:00Z", "author": ["Ann", "Ben"], "text": "They sleep."}'
    )
    told = content.metadata
    assert (told.title, told.published, told.authors) == ("Otters", "2025-09-04", "Ann; Ben")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "it is no JSON: Expecting value in line 1"),
        (b'{"a": 1', "it is no JSON: .* in line 1, column 8"),
        (b'{"a": 1}\n{"a": \n', "its line 2 is no JSON: Expecting value"),
        (json.dumps(EXPORTED | {"published": "soon"}).encode(), "'soon' is not a date"),
    ],
)
def test_what_is_no_json_is_refused_with_its_line(content: bytes, says: str) -> None:
    with pytest.raises(DocumentError, match=says):
        read(content)
