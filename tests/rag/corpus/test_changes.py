"""A corpus that is added to, changed, renamed, deleted from, killed, restarted and rebuilt, against a plain dictionary.

The dictionary is what was published last: every reader sees just that, whole; and whatever was ever published can still
be quoted by its version.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from rag.corpus.loading import SourceFile
from rag.errors import StoreError
from rag.index.generations import Generations
from rag.index.reader import Index, IndexReader
from rag.index.transfer import export, rebuild
from rag.questions import parse_question
from tests.rag.corpus import interrupted
from tests.rag.corpus.interrupted import DIMENSIONS, TextEmbedder, at_write, no_room, synchroniser

NAMES = st.sampled_from(["a.txt", "b.txt", "c.md", "deep/a.txt", "deep/d.txt"])
CHANGES = st.lists(
    st.tuples(st.sampled_from(["write", "rename", "delete"]), NAMES, NAMES, st.integers(0, 5)), min_size=1, max_size=3
)
ANYTHING = parse_question("anything")


def text_of(number: int) -> str:
    """Of several chunks, the first sentence of each like no other's."""
    return " ".join(f"Otter{number} eats {part} clams in bay{number}x{part}." for part in range(1 + 7 * number))


class Corpus(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="attest-test-")).resolve()
        self.docs, self.data = self.folder / "docs", self.folder / "data"
        self.docs.mkdir()
        self.files: dict[str, str] = {}
        self.published: dict[str, str] | None = None
        self.ever: dict[tuple[str, str], str] = {}
        self.readers = [self.reader(), self.reader()]

    def reader(self) -> IndexReader:
        return IndexReader(self.data, embedding_model=TextEmbedder.name)

    def teardown(self) -> None:
        for reader in self.readers:
            reader.close()
        shutil.rmtree(self.folder)

    @initialize()
    def begin(self) -> None:
        self.write("a.txt", 1)
        self.write("b.txt", 2)
        self.ingest([])

    def write(self, name: str, number: int) -> None:
        (self.docs / name).parent.mkdir(exist_ok=True)
        (self.docs / name).write_text(text_of(number))
        self.files[name] = text_of(number)

    def rename(self, old: str, name: str) -> None:
        (self.docs / name).parent.mkdir(exist_ok=True)
        (self.docs / old).replace(self.docs / name)
        self.files[name] = self.files.pop(old)

    def delete(self, name: str) -> None:
        (self.docs / name).unlink()
        del self.files[name]

    def change(self, changes: list[tuple[str, str, str, int]]) -> None:
        for what, old, name, number in changes:
            if what == "write" or old not in self.files:
                self.write(name, number)
            elif what == "rename":
                self.rename(old, name)
            else:
                self.delete(old)

    @rule(changes=CHANGES)
    def ingest(self, changes: list[tuple[str, str, str, int]]) -> None:
        self.change(changes)
        report = synchroniser(self.data).sync([self.docs])
        assert (report.failed, report.documents) == ([], len(self.files))
        assert sorted(report.added + report.changed + [new for _, new in report.renamed]) == sorted(
            name for name, text in self.files.items() if (self.published or {}).get(name) != text
        )
        self.acknowledge()

    @rule(changes=CHANGES, write=st.integers(0, 20))
    def ingest_on_a_full_disk(self, changes: list[tuple[str, str, str, int]], write: int) -> None:
        self.change(changes)
        told = None
        try:
            with at_write(write, no_room):
                synchroniser(self.data).sync([self.docs])
        except StoreError as error:
            told = str(error)
        if told is None:
            self.acknowledge()
        else:
            assert "no room left" in told

    @rule(changes=CHANGES, write=st.integers(0, 40))
    def ingest_or_rebuild_and_be_killed(self, changes: list[tuple[str, str, str, int]], write: int) -> None:
        self.change(changes)
        before = Generations(self.data).current()
        done = subprocess.run(
            [sys.executable, interrupted.__file__, str(self.data), str(self.docs), str(write)],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            check=False,
        )
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        is_rebuild = write % 5 == 0
        if (Generations(self.data).current() != before and not is_rebuild) or (done.returncode == 0 and not is_rebuild):
            self.acknowledge()

    @rule()
    def rebuild(self) -> None:
        assert rebuild(self.data, embedding_model=TextEmbedder.name).documents == len(self.published or {})

    @rule()
    def restore_from_an_export(self) -> None:
        export(self.data, self.folder / "all.sqlite", force=True)
        shutil.rmtree(self.data)
        self.restart(which=0)
        self.restart(which=1)
        rebuild(self.data, embedding_model=TextEmbedder.name, source=self.folder / "all.sqlite")

    @rule(which=st.integers(0, 1))
    def restart(self, which: int) -> None:
        self.readers[which].close()
        self.readers[which] = self.reader()

    def acknowledge(self) -> None:
        self.published = dict(self.files)
        for name, text in self.published.items():
            document_id = SourceFile(self.docs / name, self.docs).document_id
            self.ever[document_id, f"sha256:{sha256(text.encode()).hexdigest()}"] = text

    @invariant()
    def all_readers_see_what_was_published(self) -> None:
        if self.published is None:
            return
        for reader in self.readers:
            with reader.use() as index:
                assert index is not None
                assert reader.warning is None
                self.look(index, self.published)

    def look(self, index: Index, published: dict[str, str]) -> None:
        library = index.library
        documents = [library.document(document_id) for document_id in library.document_ids()]
        assert {document.info.source: document.text for document in documents if document} == published
        held = [chunk_id for ids, _ in library.vectors(dimensions=DIMENSIONS, batch=99) for chunk_id in ids]
        assert len(index.vectors) == len(held)
        if held:
            found = index.vectors.search(TextEmbedder().embed_query("x"), limit=len(held))
            assert sorted(chunk_id for chunk_id, _ in found) == held
            assert {chunk.document.source for chunk in library.chunks(held).values()} == set(published)
        for number in range(6):
            chunks = [one for one, _ in library.search_keywords([f"otter{number}"], limit=99, question=ANYTHING)]
            sources = {chunk.document.source for chunk in library.chunks(chunks).values()}
            assert sources == {name for name, text in published.items() if text == text_of(number)}
        for (document_id, version), text in self.ever.items():
            assert library.quote(document_id, version, 0, len(text)) == text


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_corpus_is_what_was_published_last_whatever_happens() -> None:
    run_state_machine_as_test(
        Corpus,
        settings=settings(
            max_examples=int(os.environ.get("ATTEST_TEST_EXAMPLES", "6")),
            stateful_step_count=20,
            deadline=None,
            phases=[Phase.reuse, Phase.generate],  # a smaller failure would take minutes to find
            suppress_health_check=list(HealthCheck),
        ),
    )
