"""An e-mail: its text, or its HTML where it has no text; its head stands before the body, and is not searched.

Attachments are named and not read.
"""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage

from rag.corpus.formats import markup
from rag.corpus.formats.content import Content, TextBuilder, clean
from rag.corpus.formats.encodings import known_encoding
from rag.corpus.metadata import Metadata, language, names, title
from rag.errors import DocumentError

_SHOWN = ("Subject", "From", "To", "Cc", "Date")
_SIGNS = ("from", "date", "received", "message-id", "subject")
_LEAST_SIGNS = 2


def read(content: bytes) -> Content:
    """Raises DocumentError: it has no head of an e-mail."""
    message = message_from_bytes(content.lstrip(b"\r\n"), policy=policy.default)
    if sum(1 for sign in _SIGNS if sign in message) < _LEAST_SIGNS:
        raise DocumentError("it is no e-mail: it does not begin with From, Date, Subject and the like")
    text = TextBuilder()
    _write_body(text, message)
    attached = [
        " ".join((part.get_filename() or part.get_content_type()).split()) for part in message.iter_attachments()
    ]
    if attached:
        text.add(f"Attachments, not read: {', '.join(attached)}.")
    head = "".join(f"{name}: {value}\n" for name in _SHOWN if (value := _header(message, name)))
    metadata = Metadata(
        title=title(_header(message, "Subject")),
        authors=names(_senders(message)),
        published=_sent(message),
        published_basis="printed",
        language=language(_header(message, "Content-Language").split(",")[0]),
    )
    return Content(f"{head}\n{text.text}", metadata, body_start=len(head) + 1)


def _write_body(text: TextBuilder, message: EmailMessage) -> None:
    plain, rich = (message.get_body((kind,)) for kind in ("plain", "html"))
    body = _text(plain) if isinstance(plain, EmailMessage) else ""
    if body.strip():
        text.add(re.sub(r"\n{3,}", "\n\n", body))
    elif isinstance(rich, EmailMessage) and (page := _text(rich)).strip():
        markup.write(text, markup.parse(page))


def _text(part: EmailMessage) -> str:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    encoding = known_encoding(part.get_content_charset("utf-8")) or "utf-8"
    try:
        text = content.decode("utf-8" if encoding == "cp1252" else encoding)
    except UnicodeDecodeError:  # what is sent as ASCII or Latin-1 is often the other, or UTF-8
        text = content.decode(encoding, errors="replace")
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _unflowed(lines) if part.get_param("format") == "flowed" else lines


def _unflowed(text: str) -> str:
    """Text whose lines were broken for sending, in its own lines: one that ends in a space goes on (RFC 3676)."""
    return re.sub(r"(?<=\S) \n(?=[^\s>])", " ", text)


def _header(message: EmailMessage, name: str) -> str:
    return " ".join(clean(str(message.get(name, ""))).split())


def _senders(message: EmailMessage) -> list[str]:
    addresses = getattr(message.get("From"), "addresses", ())
    return [clean(address.display_name or address.addr_spec) for address in addresses]


def _sent(message: EmailMessage) -> str | None:
    """The day on which it was sent, where its sender was."""
    sent = getattr(message.get("Date"), "datetime", None)
    return sent.date().isoformat() if sent is not None else None
