import json
import random
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rag.conversations import ConversationStore
from rag.errors import ConversationNotFoundError, StoreError
from rag.questions import MAX_TURN_CHARS, MAX_TURNS, parse_history
from rag.types import Answer, Citation, Sentence, Usage


def an_answer(question: str = "Who built it?", text: str = "Ada built it [1]", **values: object) -> Answer:
    citation = Citation(
        marker=1,
        document_id="d1",
        source="näh/é.txt",
        title=None,
        published="2025-09",
        version="sha256:00",
        start=3,
        end=15,
        quote="Ada “built” it",
    )
    return Answer(
        question=question,
        verdict="answered",
        text=text,
        sentences=(Sentence(text="Ada built it", citations=(1,), support=0.9),),
        citations=(citation,),
        model="extractive",
        usage=Usage(prompt_tokens=3),
        cost_usd=0.1,
        **values,  # type: ignore[arg-type]
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "conversations.sqlite"


@pytest.fixture
def store(path: Path) -> ConversationStore:
    return ConversationStore(path)


def test_a_conversation_comes_back_word_for_word(path: Path, store: ConversationStore) -> None:
    conversation = store.create()
    answers = [an_answer(f"Question {number}? 😀", conversation_id=conversation) for number in range(3)]
    for answer in answers:
        store.append(conversation, answer)
    turns = ConversationStore(path).turns(conversation)  # as another process would
    assert [turn.question for turn in turns] == [answer.question for answer in answers]
    assert [turn.answer for turn in turns] == [json.loads(json.dumps(answer.to_dict())) for answer in answers]
    assert all(datetime.fromisoformat(turn.asked_at).utcoffset() == timedelta(0) for turn in turns)


def test_history_is_what_was_asked_and_what_was_said(store: ConversationStore) -> None:
    conversation = store.create()
    store.append(conversation, an_answer())
    store.append(conversation, Answer(question="And why?", verdict="abstained", message="Nothing says.", model="m"))
    assert [(message.role, message.content) for message in store.history(conversation)] == [
        ("user", "Who built it?"),
        ("assistant", "Ada built it [1]"),
        ("user", "And why?"),
        ("assistant", "Nothing says."),
    ]


def test_history_is_never_more_than_a_question_may_carry(store: ConversationStore) -> None:
    conversation = store.create()
    for number in range(MAX_TURNS // 2 + 5):
        store.append(conversation, an_answer(f"Question {number}?", text="x" * (MAX_TURN_CHARS + 1)))
    history = store.history(conversation)
    assert parse_history([{"role": message.role, "content": message.content} for message in history]) == history
    assert history[-2].content == f"Question {MAX_TURNS // 2 + 4}?"


def test_nothing_is_written_before_the_first_conversation(path: Path, store: ConversationStore) -> None:
    assert store.recent() == []
    with pytest.raises(ConversationNotFoundError):
        store.turns("c_0123456789abcdef")
    assert not path.exists()


def test_ids_are_long_and_never_the_same(store: ConversationStore) -> None:
    ids = {store.create() for _ in range(50)}
    assert len(ids) == 50
    assert {len(conversation) for conversation in ids} == {18}


@pytest.mark.parametrize("wrong", ["c_0123456789abcdef", "", "c_", "\ud800", "c_\0", "' OR 1=1 --", "x" * 10_000])
def test_an_unknown_id_is_not_found(store: ConversationStore, wrong: str) -> None:
    store.create()
    for ask in (store.turns, store.history, store.delete):
        with pytest.raises(ConversationNotFoundError, match="no conversation"):
            ask(wrong)
    with pytest.raises(ConversationNotFoundError):
        store.append(wrong, an_answer())


def test_another_owners_conversation_is_not_found(store: ConversationStore) -> None:
    conversation = store.create(owner="ada")
    store.append(conversation, an_answer(), owner="ada")
    for other in ("bob", ""):
        for ask in (store.turns, store.history, store.delete):
            with pytest.raises(ConversationNotFoundError):
                ask(conversation, owner=other)
        with pytest.raises(ConversationNotFoundError):
            store.append(conversation, an_answer(), owner=other)
        assert store.recent(owner=other) == []
    assert len(store.turns(conversation, owner="ada")) == 1


def test_a_deleted_conversation_is_gone_from_the_file(path: Path, store: ConversationStore) -> None:
    kept, deleted = store.create(), store.create()
    store.append(kept, an_answer("Is this kept?"))
    store.append(deleted, an_answer("Where is the treasure?" * 500))
    store.delete(deleted)
    with pytest.raises(ConversationNotFoundError):
        store.turns(deleted)
    assert len(store.turns(kept)) == 1
    held = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"Is this kept?" in held
    assert b"treasure" not in held


def test_the_list_has_the_latest_first_with_title_and_length(store: ConversationStore) -> None:
    first, second, empty = store.create(), store.create(), store.create()
    store.append(second, an_answer("What is second?"))
    store.append(first, an_answer("What is first?"))
    store.append(first, an_answer("And then?"))
    listed = store.recent()
    assert [(one.conversation_id, one.title, one.turns) for one in listed] == [
        (first, "What is first?", 2),
        (second, "What is second?", 1),
        (empty, "", 0),
    ]
    assert listed[0].updated_at == store.turns(first)[-1].asked_at
    assert [one.conversation_id for one in store.recent(limit=1)] == [first]
    assert store.recent(limit=-1) == []


def test_a_clock_set_back_reorders_nothing(path: Path) -> None:
    times: Iterator[datetime] = (datetime(2025, 9, 30 - day, tzinfo=UTC) for day in range(20))
    store = ConversationStore(path, now=lambda: next(times))
    old, new = store.create(), store.create()
    for number in range(3):
        store.append(old, an_answer(f"{number}?"))
    store.append(new, an_answer())
    assert [turn.question for turn in store.turns(old)] == ["0?", "1?", "2?"]
    assert [one.conversation_id for one in store.recent()] == [new, old]


def test_the_oldest_turns_of_a_long_conversation_are_forgotten(path: Path) -> None:
    store = ConversationStore(path, most_turns=3)
    conversation, other = store.create(), store.create()
    store.append(other, an_answer("Other?"))
    for number in range(5):
        store.append(conversation, an_answer(f"{number}?"))
    assert [turn.question for turn in store.turns(conversation)] == ["2?", "3?", "4?"]
    assert store.recent()[0].title == "0?"
    assert len(store.turns(other)) == 1


def test_over_the_budget_the_conversation_longest_unused_is_forgotten(path: Path) -> None:
    store = ConversationStore(path, most_bytes=200_000)
    conversations = [store.create() for _ in range(4)]
    for conversation in conversations:
        store.append(conversation, an_answer(text="x" * 40_000))
    assert len(store.recent()) == 4
    store.append(conversations[0], an_answer(text="x" * 40_000))
    assert [one.conversation_id for one in store.recent()] == [conversations[0], conversations[3], conversations[2]]
    for _ in range(20):
        store.append(conversations[0], an_answer(text="x" * 40_000))
    assert [one.conversation_id for one in store.recent()] == [conversations[0]]
    assert 1 < len(store.turns(conversations[0])) < 5
    assert sum(file.stat().st_size for file in path.parent.iterdir()) < 300_000


def test_empty_conversations_are_within_the_budget_too(path: Path) -> None:
    store = ConversationStore(path, most_bytes=100_000)
    for _ in range(300):
        newest = store.create(owner="o" * 1000)
    assert path.stat().st_size < 150_000
    assert store.recent(owner="o" * 1000)[0].conversation_id == newest


def test_threads_share_a_store(store: ConversationStore) -> None:
    conversation = store.create()

    def append_some(name: str) -> None:
        for number in range(10):
            store.append(conversation, an_answer(f"{name} {number}?"))

    threads = [threading.Thread(target=append_some, args=(str(name),)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.turns(conversation)) == 40


_PROCESS = """
import sys
from pathlib import Path
from rag.conversations import ConversationStore
from rag.types import Answer

path, name, shared = sys.argv[1:]
sys.stdin.readline()
store = ConversationStore(Path(path))
own = store.create(owner=name)
for number in range(25):
    store.append(own, Answer(question=f"{name} {number}?", verdict="abstained", model="m"), owner=name)
    if shared:
        store.append(shared, Answer(question=f"{name} {number}?", verdict="abstained", model="m"))
"""


@pytest.mark.parametrize("begun", [False, True])
def test_processes_writing_at_once_lose_nothing(path: Path, store: ConversationStore, begun: bool) -> None:
    shared = store.create() if begun else ""
    names = ["ada", "bob", "eve"]
    processes = [
        subprocess.Popen([sys.executable, "-c", _PROCESS, str(path), name, shared], stdin=subprocess.PIPE, text=True)
        for name in names
    ]
    for process in processes:  # all are loaded before any begins
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.close()
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    for name in names:
        expected = [f"{name} {number}?" for number in range(25)]
        [own] = store.recent(owner=name)
        assert [turn.question for turn in store.turns(own.conversation_id, owner=name)] == expected
        if begun:
            asked = [turn.question for turn in store.turns(shared)]
            assert [question for question in asked if question.startswith(name)] == expected


def test_a_writer_that_dies_half_way_leaves_what_was_there(path: Path, store: ConversationStore) -> None:
    conversation = store.create()
    store.append(conversation, an_answer())
    dying = """
import os, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
db.execute("DELETE FROM turns")
os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", dying, str(path)], check=False).returncode == 9
    store.append(conversation, an_answer("Still there?"))
    assert len(store.turns(conversation)) == 2


def test_a_busy_file_is_waited_for_within_bounds(
    path: Path, store: ConversationStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.conversations._BUSY_SECONDS", 0.2)
    conversation = store.create()
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match=r"busy.*0\.2 s"):
        store.append(conversation, an_answer())
    assert store.turns(conversation) == []  # who reads does not wait
    writer.close()
    store.append(conversation, an_answer())


def test_a_file_that_is_no_store_is_reported_with_the_remedy(path: Path, store: ConversationStore) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database at all" * 100)
    for act in (store.create, store.recent):
        with pytest.raises(StoreError, match=r"damaged.*Rename it away"):
            act()
    path.rename(path.with_suffix(".old"))
    assert store.turns(store.create()) == []


def test_a_store_of_another_version_is_not_touched(path: Path, store: ConversationStore) -> None:
    store.create()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 2")
    db.close()
    with pytest.raises(StoreError, match="version 2"):
        store.create()


def test_a_folder_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="permissions"):
        ConversationStore(tmp_path / "file" / "conversations.sqlite").create()


def test_damage_anywhere_never_ends_in_a_traceback(path: Path, store: ConversationStore) -> None:
    conversation = store.create()
    for number in range(5):
        store.append(conversation, an_answer(f"{number}?", text="x" * 3000))
    sound, chance, reported = path.read_bytes(), random.Random(7), 0
    for _ in range(150):
        damaged = bytearray(sound)
        at = chance.randrange(len(sound))
        damaged[at : at + 40] = chance.randbytes(len(damaged[at : at + 40]))
        for file in path.parent.iterdir():
            file.unlink()
        path.write_bytes(damaged)
        for act in (
            store.recent,
            lambda: store.turns(conversation),
            lambda: store.history(conversation),
            lambda: store.append(conversation, an_answer()),
            lambda: store.delete(conversation),
        ):
            try:
                act()
            except (StoreError, ConversationNotFoundError):
                reported += 1
    assert reported > 100
