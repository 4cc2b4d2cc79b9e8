"""Text in, number of cl100k_base tokens out: tiktoken's one room, working without a network.

tiktoken downloads its vocabulary on first use unless `TIKTOKEN_CACHE_DIR` holds it; llama-index-core ships that file,
so an offline first run works. A directory that the user has set is left as it is.
"""

import importlib.util
import os
from functools import cache
from pathlib import Path

import tiktoken


def count_tokens(text: str) -> int:
    return len(encode(text))


def encode(text: str) -> list[int]:
    """Token ids, special tokens read as plain text (documents are untrusted)."""
    return _encoding().encode_ordinary(text)


@cache
def _encoding() -> tiktoken.Encoding:
    spec = importlib.util.find_spec("llama_index.core")
    if spec is not None and spec.origin is not None:
        shipped = Path(spec.origin).parent / "_static" / "tiktoken_cache"
        os.environ.setdefault("TIKTOKEN_CACHE_DIR", str(shipped))
    return tiktoken.get_encoding("cl100k_base")
