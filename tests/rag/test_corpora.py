import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.bootstrap import open_chatbot, open_corpora, open_synchroniser
from rag.corpora import DEFAULT_CORPUS, Corpora, check_name, corpus_folder
from rag.errors import ConfigurationError, CorpusNotFoundError
from rag.settings import Settings


class Opened:
    """Stands for a chatbot."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.closed = False

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def corpora(tmp_path: Path) -> Corpora:
    for name in ("news", "law"):
        (tmp_path / "corpora" / name).mkdir(parents=True)
    return Corpora(tmp_path, open_chatbot=Opened)  # type: ignore[arg-type]


def test_the_default_corpus_is_the_data_directory_itself(corpora: Corpora, tmp_path: Path) -> None:
    assert corpora.folder() == corpora.folder(DEFAULT_CORPUS) == tmp_path
    assert corpora.folder("law") == tmp_path / "corpora" / "law"


def test_the_default_comes_first_and_is_always_there(corpora: Corpora, tmp_path: Path) -> None:
    assert corpora.names() == ["default", "law", "news"]
    assert Corpora(tmp_path / "nothing", open_chatbot=Opened).names() == ["default"]  # type: ignore[arg-type]


def test_a_corpus_that_is_made_meanwhile_is_found(corpora: Corpora, tmp_path: Path) -> None:
    with pytest.raises(CorpusNotFoundError, match=r"'sport'.*attest ingest PATH --corpus"):
        corpora.get("sport")
    (tmp_path / "corpora" / "sport").mkdir()
    assert corpora.get("sport") is corpora.get("sport")


def test_what_is_no_corpus_is_not_listed(corpora: Corpora, tmp_path: Path) -> None:
    (tmp_path / "corpora" / "file").write_text("")
    for name in ("Upper", ".hidden", "default"):
        (tmp_path / "corpora" / name).mkdir()
    assert corpora.names() == ["default", "law", "news"]


@given(st.text(max_size=80) | st.sampled_from(["..", ".", "../law", "a/b", "law\n", "LAW", "corpora", "é", "a" * 65]))
def test_no_name_leads_out_of_the_folder_of_corpora(name: str) -> None:
    data_dir = Path("/data")
    try:
        folder = corpus_folder(data_dir, name)
    except ConfigurationError:
        return
    assert name == check_name(name)
    assert folder == data_dir if name == DEFAULT_CORPUS else folder.parent == data_dir / "corpora"
    assert ".." not in folder.parts


def test_each_corpus_is_opened_once_however_many_ask_at_once(tmp_path: Path) -> None:
    opened: list[Path] = []
    gate = threading.Barrier(8)

    def open_slowly(folder: Path) -> Opened:
        opened.append(folder)
        return Opened(folder)

    corpora = Corpora(tmp_path, open_chatbot=open_slowly)  # type: ignore[arg-type]

    def ask() -> None:
        gate.wait()
        corpora.get()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert opened == [tmp_path]


def test_closing_closes_all_that_was_opened(corpora: Corpora) -> None:
    opened = [corpora.get(name) for name in ("default", "law")]
    corpora.close()
    assert all(chatbot.closed for chatbot in opened)  # type: ignore[attr-defined]


@pytest.fixture
def two_corpora(tmp_path: Path, docs: Path) -> Callable[[], Corpora]:
    """The default corpus has the otters, `food` the bread."""
    settings = Settings.model_validate({"data_dir": tmp_path / "data"})
    for name, file in ((DEFAULT_CORPUS, "otters.txt"), ("food", "bread.txt")):
        open_synchroniser(corpus_folder(settings.data_dir, name), settings=settings).sync([docs / file])
    return lambda: open_corpora(settings)


def test_a_corpus_answers_from_its_own_documents_only(two_corpora: Callable[[], Corpora]) -> None:
    corpora = two_corpora()
    asked = {name: corpora.get(name).ask("What do bakers feed twice a day?") for name in corpora.names()}
    assert "starter" in asked["food"].text
    assert {passage.source for passage in asked["food"].passages} == {"bread.txt"}
    assert "bread.txt" not in {passage.source for passage in asked["default"].passages}
    corpora.close()


def test_a_conversation_is_kept_by_its_corpus(two_corpora: Callable[[], Corpora]) -> None:
    corpora = two_corpora()
    begun = corpora.get("food").conversations.create()
    assert [kept.conversation_id for kept in corpora.get("food").conversations.recent()] == [begun]
    assert corpora.get().conversations.recent() == []
    corpora.close()


def test_corpora_share_their_models(two_corpora: Callable[[], Corpora]) -> None:
    corpora = two_corpora()
    one, other = corpora.get()._investigator, corpora.get("food")._investigator
    assert (one.embedder is other.embedder, one.reader is other.reader) == (True, True)
    corpora.close()


def test_the_default_corpus_is_what_one_chatbot_opens(two_corpora: Callable[[], Corpora]) -> None:
    corpora = two_corpora()
    alone = open_chatbot(corpora.folder(), settings=Settings.model_validate({}))
    assert [d.info for d in alone.documents()] == [d.info for d in corpora.get().documents()]
    alone.close()
    corpora.close()
