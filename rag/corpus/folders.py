"""A root in, what it offers to a sync out: its files as they look from outside, and what cannot be one of them.

No link to a folder is followed; hidden files are no documents, nor is what an editor, an office or a browser leaves
behind, nor the index of this or another data directory.
"""

import os
import re
import stat
import time
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from rag.corpus.loading import SIDECAR, SourceFile
from rag.errors import ConfigurationError
from rag.index.generations import CURRENT, GENERATIONS

_LEFTOVER = re.compile(r"~$|^~\$|^#.*#$|^4913$|\.(sw.|tmp|part|partial|crdownload|download)$", re.IGNORECASE)
_RACY_NS = 2 * 10**9  # a file that changed so shortly before may change again within one tick of its disk's clock


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file, and what it looks like from outside: an equal, not empty `seen` stands for equal content."""

    file: SourceFile
    seen: str


@dataclass(slots=True)
class Listing:
    """What a root offers, by source. `failed` pairs a source with a reason; what lies in `unreadable` is not known."""

    files: list[FoundFile] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    def may_hold(self, source: str) -> bool:
        """Whether a file that was not listed may be there all the same."""
        return any(folder == "." or source.startswith(f"{folder}/") for folder in self.unreadable)


def list_root(path: Path, *, data_dir: Path) -> Listing:
    """The files that a root offers; a file is a root of its own. The data directory's own files are none of them.

    Raises:
        ConfigurationError: there is no such file or folder, or it is a data directory.
    """
    root, listing = path.resolve(), Listing()
    if root.is_file():
        _add(listing, SourceFile(root, root))
        return listing
    if not root.is_dir():
        raise ConfigurationError(f"{path} is neither a file nor a folder. Give the path of your documents.")
    if root == data_dir or _is_data_dir(root):
        raise ConfigurationError(f"{path} holds an index of Attest, not documents. Give the path of your documents.")
    folders = [root]
    while folders:
        folder = folders.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            listing.unreadable.append(folder.relative_to(root).as_posix())
            listing.failed.append((_shown(folder, root), f"it cannot be read: {error.strerror}; its files are kept"))
            continue
        for entry in entries:
            if entry.name.startswith(".") or entry.name == SIDECAR:
                continue
            inside = folder / entry.name
            if entry.is_dir(follow_symlinks=False):
                if inside != data_dir and not _is_data_dir(inside):
                    folders.append(inside)
            elif is_leftover(entry.name):
                continue
            elif not entry.is_file(follow_symlinks=False) and (problem := _problem(inside, root)):
                listing.failed.append((_shown(inside, root), problem))
            elif entry.is_file():
                _add(listing, SourceFile(inside, root))
    listing.files.sort(key=lambda found: found.file.source)
    return listing


def is_leftover(name: str) -> bool:
    """Whether a file of that name is a program's own: a lock, a copy from before, a download that is not whole."""
    return _LEFTOVER.search(name) is not None


def shown(source: str) -> str:
    """A source as a line can show it: what is no text, or would break the line, is spelt out."""
    text = source.encode(errors="surrogateescape").decode(errors="backslashreplace")
    return "".join(repr(one)[1:-1] if _breaks_lines(one) else one for one in text)


def _shown(path: Path, root: Path) -> str:
    return shown(path.relative_to(root).as_posix())


def _add(listing: Listing, file: SourceFile) -> None:
    source = file.source
    if any("\ud800" <= one <= "\udfff" for one in source):
        listing.failed.append((shown(source), "its name is not UTF-8; rename it"))
    elif any(_breaks_lines(one) for one in source):
        listing.failed.append((shown(source), "its name has control characters; rename it"))
    else:
        listing.files.append(FoundFile(file, look(file.path)))


def _breaks_lines(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")


def look(path: Path) -> str:
    """What tells a changed file from an unchanged one without reading it; "" where nothing does.

    As in git's index: size, times and inode; not to be relied on where the last change is so recent, or, by a clock
    that was set back, so far in the future, that one more might leave no trace.
    """
    now = time.time_ns()
    try:
        looks = path.stat()
    except OSError:
        return ""
    if max(looks.st_mtime_ns, looks.st_ctime_ns) > now - _RACY_NS:
        return ""
    return f"{looks.st_size} {looks.st_mtime_ns} {looks.st_ctime_ns} {looks.st_dev} {looks.st_ino}"


def _is_data_dir(folder: Path) -> bool:
    return (folder / CURRENT).is_file() and (folder / GENERATIONS).is_dir()


def _problem(path: Path, root: Path) -> str | None:
    """What is wrong with what is no file and no folder but may be a link to one; nothing is opened.

    A link to a folder in the same root is passed over, as that is listed in its own place.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:  # a loop, too
        return f"it is a link that leads nowhere ({error.strerror}); remove it"
    if stat.S_ISDIR(mode) and not path.resolve().is_relative_to(root):
        return "it is a link out of the folder; give what it leads to as a root of its own"
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        return "it is no file but a pipe, a socket or a device; remove it"
    return None
