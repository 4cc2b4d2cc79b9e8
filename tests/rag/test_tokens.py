"""`rag.tokens`: counting without a network, in processes of their own, as the vocabulary is read once a process."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from rag.tokens import count_tokens, encode

COUNT_OFFLINE = """
import os, socket

def refuse(*args, **options):
    raise OSError("no network here")

socket.socket.connect = socket.getaddrinfo = refuse
from rag.tokens import count_tokens
print(count_tokens("The cat sat on the mat."), os.environ["TIKTOKEN_CACHE_DIR"])
"""


def run_offline(**settings: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in CACHE_SETTINGS}
    return subprocess.run(
        [sys.executable, "-c", COUNT_OFFLINE], env=environment | settings, capture_output=True, text=True, timeout=60
    )


CACHE_SETTINGS = ("TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR")


@pytest.fixture
def shipped() -> Path:
    spec = find_spec("llama_index.core")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "_static" / "tiktoken_cache"


def test_first_run_needs_no_network(tmp_path: Path, shipped: Path) -> None:
    done = run_offline(TMPDIR=str(tmp_path))  # tiktoken's own cache is in the temporary directory
    assert (done.stdout.split(), done.stderr) == (["7", str(shipped)], "")


def test_the_users_own_cache_directory_is_used(tmp_path: Path, shipped: Path) -> None:
    own = tmp_path / "own"
    shutil.copytree(shipped, own)
    done = run_offline(TIKTOKEN_CACHE_DIR=str(own))
    assert done.stdout.split() == ["7", str(own)]


def test_the_users_own_cache_directory_is_not_replaced_when_it_is_empty(tmp_path: Path) -> None:
    done = run_offline(TIKTOKEN_CACHE_DIR=str(tmp_path))
    assert done.returncode != 0
    assert "no network here" in done.stderr  # it went to fill it


def test_vocabulary_is_cl100k() -> None:
    assert encode("tiktoken is great!") == [83, 1609, 5963, 374, 2294, 0]


@pytest.mark.parametrize("special", ["<|endoftext|>", "<|im_start|>", "<|fim_prefix|>"])
def test_special_token_in_a_document_is_plain_text(special: str) -> None:
    assert max(encode(special)) < 100_256  # where cl100k_base's special tokens begin
    assert count_tokens(special) > 3


def test_no_token_for_nothing() -> None:
    assert count_tokens("") == 0
