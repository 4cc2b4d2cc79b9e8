"""`rag.corpus.formats.mail`: the body of an e-mail, described by its head."""

import pytest

from rag.corpus.formats.mail import read
from rag.corpus.metadata import Metadata
from rag.errors import DocumentError
from tests.rag.corpus.formats import making


def test_the_head_describes_the_mail_and_stands_before_its_body() -> None:
    content = read(making.mail())
    assert content.metadata == Metadata(
        title="Zählung der Otter", published="2025-09-04", published_basis="printed", authors="Ann Shore"
    )
    assert content.text[: content.body_start] == (
        "Subject: Zählung der Otter\nFrom: Ann Shore <ann@otters.example>\nTo: Ben Tide <ben@otters.example>\n"
        "Date: Thu, 04 Sep 2025 23:30:00 -0500\n\n"
    )


def test_the_text_is_read_once_and_attachments_are_named() -> None:
    content = read(making.mail())
    assert content.text[content.body_start :] == (
        f"Dear Ben,\n\n{making.COUNT}\n\nAnn\n\nAttachments, not read: count.pdf."
    )


HEAD = b"From: ann@otters.example\r\nDate: Thu, 4 Sep 2025 08:00:00 +0200\r\nSubject: =?utf-8?b?w5Z0dGVy?=\r\n"


@pytest.mark.parametrize(
    ("rest", "body"),
    [
        (b"Content-Type: text/html\r\n\r\n<html><style>p{}</style><p>Hello&nbsp;Ben</p><p>Bye", "Hello Ben\n\nBye"),
        (b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\nCaf\xe9", "Café"),
        (b"Content-Type: text/plain; charset=us-ascii\r\n\r\nCaf\xc3\xa9", "Café"),
        (b"Content-Type: text/plain; charset=x-unknown\r\n\r\nCaf\xc3\xa9", "Café"),
        (b"Content-Transfer-Encoding: base64\r\n\r\nSGVsbG8=\r\n", "Hello"),
        (b"Content-Type: text/plain; format=flowed\r\n\r\nOne \r\nline.\r\nNext.", "One line.\nNext."),
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nNo end", "No end"),
    ],
)
def test_bodies_come_in_many_forms(rest: bytes, body: str) -> None:
    content = read(HEAD + rest)
    assert content.text[content.body_start :] == body
    assert (content.metadata.title, content.metadata.authors) == ("Ötter", "ann@otters.example")


def test_a_mail_with_a_broken_date_has_none() -> None:
    content = read(b"From: a@b.example\r\nSubject: x\r\nDate: yesterday\r\n\r\nHello")
    assert content.metadata.published is None


def test_what_has_no_head_is_no_mail() -> None:
    with pytest.raises(DocumentError, match="it is no e-mail"):
        read(b"Just some text\n\nin two paragraphs")
