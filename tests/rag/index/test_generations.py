import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from rag.errors import IndexBusyError, StoreError
from rag.index.generations import Generations
from rag.types import Manifest

MANIFEST = Manifest(
    schema=1, embedding_model="m", dimensions=3, chunk_tokens=180, chunk_overlap_tokens=0, roots=("/a",)
)


def publish(generations: Generations, content: str) -> int:
    with generations.draft() as draft:
        (draft.folder / "file").write_text(content)
        draft.publish(MANIFEST)
    return draft.number


def test_before_the_first_generation_there_is_nothing_to_lease(tmp_path: Path) -> None:
    generations = Generations(tmp_path)
    assert generations.current() is None
    assert generations.lease() is None


def test_a_published_draft_is_current_and_keeps_its_manifest(tmp_path: Path) -> None:
    generations = Generations(tmp_path)
    number = publish(generations, "one")
    with generations.reading() as lease:
        assert lease is not None
        assert lease.number == number
        assert replace(lease.manifest(), files={}) == MANIFEST
        assert set(lease.manifest().files) == {"file"}
        assert (lease.folder / "file").read_text() == "one"


def test_a_draft_that_fails_leaves_the_old_generation_and_no_rubbish(tmp_path: Path) -> None:
    generations = Generations(tmp_path)
    number = publish(generations, "one")

    def fail() -> None:
        with generations.draft() as draft:
            draft.publish(MANIFEST)
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail()
    assert generations.current() == number
    assert [path.name for path in (tmp_path / "generations").iterdir()] == [str(number)]


def test_a_draft_that_is_not_published_changes_nothing(tmp_path: Path) -> None:
    generations = Generations(tmp_path)
    number = publish(generations, "one")
    with generations.draft():
        pass
    assert generations.current() == number


def test_a_generation_is_kept_while_it_is_read_and_deleted_after(tmp_path: Path) -> None:
    generations = Generations(tmp_path)
    publish(generations, "one")
    lease = generations.lease()
    assert lease is not None
    publish(generations, "two")
    assert (lease.folder / "file").read_text() == "one"
    publish(generations, "three")
    assert (lease.folder / "file").read_text() == "one"
    lease.close()
    publish(generations, "four")
    assert not lease.folder.exists()


def test_the_generation_that_the_current_one_was_made_from_is_kept_and_no_other(tmp_path: Path) -> None:
    generations = Generations(tmp_path)
    for content in ("one", "two", "three"):
        publish(generations, content)
    assert sorted(path.name for path in (tmp_path / "generations").iterdir()) == ["2", "3"]
    spare = generations.spare()
    assert spare is not None
    assert (spare.folder / "file").read_text() == "two"
    spare.close()


def test_a_second_writer_is_refused_with_the_process_to_wait_for(tmp_path: Path) -> None:
    generations = Generations(tmp_path)
    with (
        generations.draft(),
        pytest.raises(IndexBusyError, match=str(os.getpid())),
        Generations(tmp_path).draft(wait_seconds=0.1),
    ):
        pass


def test_the_lock_and_the_draft_of_a_killed_writer_are_cleared_away(tmp_path: Path) -> None:
    number = publish(Generations(tmp_path), "one")
    script = textwrap.dedent(
        """
        import sys, time
        from pathlib import Path
        from rag.index.generations import Generations
        with Generations(Path(sys.argv[1])).draft() as draft:
            (draft.folder / "file").write_text("half")
            print("drafting", flush=True)
            time.sleep(60)
        """
    )
    writer = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"drafting\n"
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    generations = Generations(tmp_path)
    assert generations.current() == number
    following = publish(generations, "two")
    kept = {path.name for path in (tmp_path / "generations").iterdir()}
    assert kept == {str(number), str(following)}
    assert not any((tmp_path / "generations" / name / "file").read_text() == "half" for name in kept)


@pytest.mark.parametrize("damage", ["not a number", ""])
def test_a_damaged_pointer_says_what_to_do(tmp_path: Path, damage: str) -> None:
    publish(Generations(tmp_path), "one")
    (tmp_path / "CURRENT").write_text(damage)
    generations = Generations(tmp_path)
    with pytest.raises(StoreError, match="attest ingest --rebuild PATH"):
        generations.current()
    with pytest.raises(StoreError, match=r"hold a number.*attest ingest --rebuild PATH"), generations.sound():
        pass


def test_a_missing_generation_says_what_to_do(tmp_path: Path) -> None:
    publish(Generations(tmp_path), "one")
    (tmp_path / "CURRENT").write_text("99")
    with pytest.raises(StoreError, match=r"99 is missing.*attest ingest --rebuild PATH"), Generations(tmp_path).sound():
        pass


def test_whether_a_generation_is_read_is_known(tmp_path: Path) -> None:
    generations = Generations(tmp_path / "data")
    assert not generations.is_read()
    publish(generations, "one")
    assert not generations.is_read()
    with generations.reading():
        publish(generations, "two")
        assert generations.is_read()
    assert not generations.is_read()
