"""A ZIP file's bytes in, an archive out whose members can be read without harm: not encrypted and not a bomb.

The sizes that its directory tells hold: `zipfile` reads no more of a member than that.
"""

import io
import zipfile

from rag.errors import DocumentError

_MOST_BYTES = 1 << 30  # of all members, unpacked: pictures and films among them
_MOST_XML_BYTES = 256 << 20  # of all that is parsed
_MOST_MEMBERS = 50_000
_XML = (".xml", ".rels", ".xhtml", ".html", ".htm", ".opf", ".ncx")
_ENCRYPTED = 0x1


def open_archive(content: bytes) -> zipfile.ZipFile:
    """Raises DocumentError: it is encrypted, or would unpack to too much."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    members = archive.infolist()
    if any(member.flag_bits & _ENCRYPTED for member in members):
        raise DocumentError("it is encrypted; save it without a password")
    unpacked = sum(member.file_size for member in members)
    parsed = sum(member.file_size for member in members if member.filename.lower().endswith(_XML))
    if unpacked > _MOST_BYTES or parsed > _MOST_XML_BYTES or len(members) > _MOST_MEMBERS:
        raise DocumentError(
            f"it unpacks to {unpacked >> 20:,} MB in {len(members):,} parts, {parsed >> 20:,} MB of them text: too much"
        )
    return archive
