"""A `.jsonl` or `.jsonl.gz` file in, its records out, parsed by whoever asks; a broken line is named by its number."""

import gzip
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from rag.errors import ConfigurationError

T = TypeVar("T")

ENDINGS = (".jsonl", ".jsonl.gz")


def read_lines(path: Path, parse: Callable[[dict[str, Any]], T]) -> list[T]:
    """What `parse` makes of each record, blank lines aside.

    Raises:
        ConfigurationError: the file cannot be read, or a line is not JSON or lacks what `parse` looks for.
    """
    found, number = [], 0
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    found.append(_parsed(path, number, line, parse))
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} breaks off after line {number}: {error}. Copy it again.") from None
    return found


def _parsed(path: Path, number: int, line: str, parse: Callable[[dict[str, Any]], T]) -> T:
    try:
        record = json.loads(line)
        if not isinstance(record, dict):
            raise TypeError(f"a JSON object is expected, not {type(record).__name__}")
        return parse(record)
    except KeyError as error:
        problem = f"there is no {error}"
    except (ValueError, TypeError, AttributeError, IndexError) as error:
        problem = str(error)
    raise ConfigurationError(f"{path}, line {number}: {problem}. Correct the line or copy the file again.")
