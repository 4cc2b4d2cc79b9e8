"""Plain text: as it is, titled by its first Markdown heading if it has one."""

from rag.corpus.formats.content import Content
from rag.corpus.formats.encodings import decode
from rag.corpus.formats.markdown import first_heading
from rag.corpus.metadata import Metadata


def read(content: bytes) -> Content:
    """Raises DocumentError: it is not text."""
    text = decode(content)
    return Content(text, Metadata(title=first_heading(text)))
