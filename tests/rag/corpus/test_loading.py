"""`rag.corpus.loading`: which files are documents, what is read from them, and what is known of them."""

import hashlib
import os
import tomllib
from pathlib import Path

import pytest

from rag.corpus.loading import Metadata, SourceFile, list_files, load, read_sidecar
from rag.errors import ConfigurationError, DocumentError
from rag.types import Document

SEEDS = Path(__file__).parents[3] / "seeds"


def write(folder: Path, name: str, content: str | bytes = "Some text.") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def sources(path: Path) -> list[str]:
    return [file.source for file in list_files(path)]


def read(path: Path, told: Metadata | None = None) -> Document:
    (file,) = list_files(path)
    return load(file, path.read_bytes(), told)


def read_bytes(content: str | bytes, folder: Path, name: str = "a.md") -> Document:
    return read(write(folder, name, content))


# --- which files


def test_folder_offers_its_files_sorted_by_path_with_forward_slashes(tmp_path: Path) -> None:
    for name in ("b.txt", "a.md", "sub/deep/c.txt", "sub/a.txt", "picture.png"):
        write(tmp_path, name)
    assert sources(tmp_path) == ["a.md", "b.txt", "picture.png", "sub/a.txt", "sub/deep/c.txt"]


def test_hidden_files_folders_and_sidecars_are_no_documents(tmp_path: Path) -> None:
    for name in (".hidden.txt", ".git/config.txt", "sub/.cache/x.txt", "corpus.toml", "sub/corpus.toml", "seen.txt"):
        write(tmp_path, name)
    (tmp_path / "folder.txt").mkdir()
    assert sources(tmp_path) == ["seen.txt"]


def test_folder_below_a_hidden_one_is_read_when_it_is_asked_for(tmp_path: Path) -> None:
    write(tmp_path, ".notes/a.txt")
    assert sources(tmp_path / ".notes") == ["a.txt"]


def test_link_to_a_file_is_a_document_and_one_to_nothing_is_not(tmp_path: Path) -> None:
    outside = write(tmp_path, "outside/a.txt", "Linked text.")
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "link.txt").symlink_to(outside)
    (folder / "broken.txt").symlink_to(tmp_path / "nothing")
    (folder / "loop.txt").symlink_to(folder / "loop.txt")
    (file,) = list_files(folder)
    assert (file.source, load(file, file.path.read_bytes()).text) == ("link.txt", "Linked text.")


def test_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path, "docs/a.txt")
    write(tmp_path, "outside/b.txt")
    (tmp_path / "docs" / "around").symlink_to(tmp_path / "docs")
    (tmp_path / "docs" / "out").symlink_to(tmp_path / "outside")
    assert sources(tmp_path / "docs") == ["a.txt"]


def test_single_file_is_a_root_of_its_own(tmp_path: Path) -> None:
    path = write(tmp_path, "sub/a.txt")
    (file,) = list_files(path)
    assert (file.source, file.folder, file.root) == ("a.txt", path.parent, path)


def test_nothing_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="gone is neither a file nor a folder"):
        list_files(tmp_path / "gone")
    assert list_files(tmp_path) == []


def test_document_id_depends_on_the_root_and_the_relative_path_alone(tmp_path: Path) -> None:
    def ids(folder: Path) -> list[str]:
        return [file.document_id for file in list_files(folder)]

    write(tmp_path, "one/docs/a.txt", "first")
    write(tmp_path, "one/docs/b.txt", "first")
    before = ids(tmp_path / "one/docs")
    assert len({*before}) == 2
    write(tmp_path, "one/docs/a.txt", "second")
    write(tmp_path, "one/docs/aa.txt")
    assert {*before} < {*ids(tmp_path / "one/docs")}
    write(tmp_path, "two/docs/a.txt", "first")
    assert not {*before} & {*ids(tmp_path / "two/docs")}


def test_same_file_has_the_same_id_however_its_folder_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "docs/a.txt")
    (tmp_path / "link").symlink_to(tmp_path / "docs")
    monkeypatch.chdir(tmp_path)
    ways = [tmp_path / "docs", Path("docs"), Path("docs/../docs"), tmp_path / "link"]
    assert len({list_files(way)[0].document_id for way in ways}) == 1


# --- what is read


@pytest.mark.parametrize("name", ["a.txt", "a.TXT", "a.md", "a.markdown"])
@pytest.mark.parametrize("content", ["One.\r\nTwo.\rThree.\n\n", "\ufeffOne.", "Ünïcode\u00a0🎉\u2028 ", "\n\n  Late."])
def test_text_is_the_bytes_decoded_and_nothing_else(tmp_path: Path, name: str, content: str) -> None:
    document = read_bytes(content, tmp_path, name)
    assert document.text == content
    assert document.info.version == f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"
    assert document.info.source == name


@pytest.mark.parametrize("content", ["", " \n\t\r\n", "\u00a0"])
def test_file_without_text_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(DocumentError, match="it is empty"):
        read_bytes(content, tmp_path, "a.txt")


def test_binary_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="it is binary, not text"):
        read_bytes(b"PK\x03\x04\x00\x00", tmp_path, "a.txt")


def test_other_encoding_is_refused_with_the_byte_and_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"not UTF-8 \(byte 0xe9 at 3\); convert it.*iconv"):
        read_bytes("café".encode("cp1252"), tmp_path, "a.txt")


@pytest.mark.parametrize(("name", "says"), [("a.odt", r"\.odt"), ("README", "a file without a suffix")])
def test_format_without_a_reader_is_refused_and_the_readers_are_named(tmp_path: Path, name: str, says: str) -> None:
    with pytest.raises(DocumentError, match=f"no reader for .*{says}.*readers: .csv .docx .*.xlsx") as caught:
        read_bytes("text", tmp_path, name)
    assert str(tmp_path) not in str(caught.value)


def test_name_that_is_not_utf8_is_refused_and_breaks_nothing(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.txt")
    try:
        path.write_text("text")
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    (file,) = list_files(tmp_path)
    assert len(file.document_id) == 16
    with pytest.raises(DocumentError, match="its name is not UTF-8"):
        load(file, b"text")


# --- titles and front matter


@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# A title\n\nText.", "A title"),
        ("\ufeff# A title\n", "A title"),
        ("Text.\n\n  ## *A `b`* title ##  \nText.", "A `b`* title"),
        ("#\n#  \n# A title", "A title"),
        ("#tag\n####### seven\n    # code\ntext # no", None),
        ("No heading at all.", None),
    ],
)
@pytest.mark.parametrize("name", ["a.txt", "a.md"])
def test_first_markdown_heading_is_the_title(
    tmp_path: Path, name: str, text: str, title: str | None, line_break: str
) -> None:
    assert read_bytes(text.replace("\n", line_break), tmp_path, name).info.title == title


def test_endless_heading_takes_no_quadratic_time(tmp_path: Path) -> None:
    title = read_bytes("# " + "x #" * 200_000 + "x", tmp_path).info.title
    assert title is not None
    assert len(title) == 600_001


FRONT = """---
title: On otters
publisher: The Otter Post
date: 2025-09-04
author: ignored
---
# Another heading

Text.
"""


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_front_matter_describes_a_markdown_file_and_stays_in_its_text(
    tmp_path: Path, mark: str, line_break: str
) -> None:
    content = mark + FRONT.replace("\n", line_break)
    document = read_bytes(content, tmp_path)
    info = document.info
    assert document.text == content
    assert (info.title, info.publisher) == ("On otters", "The Otter Post")
    assert (info.published, info.published_basis) == ("2025-09-04", "printed")


def test_front_matter_is_text_in_a_text_file(tmp_path: Path) -> None:
    info = read_bytes(FRONT, tmp_path, "a.txt").info
    assert (info.title, info.published, info.published_basis) == ("Another heading", None, None)


@pytest.mark.parametrize(
    ("line", "published"),
    [
        ("date: 2025-09-04", "2025-09-04"),
        ("date: 2025-09-04T23:30:00-05:00", "2025-09-04"),
        ("date: '2025-09'", "2025-09"),
        ("date: 2025-09", "2025-09"),
        ("date: 2025", "2025"),
        ("published: 2024\ndate: 2025", "2024"),
        ("date:", None),
        ("title: x", None),
    ],
)
def test_front_matter_date_keeps_its_precision(tmp_path: Path, line: str, published: str | None) -> None:
    info = read_bytes(f"---\n{line}\n---\nText.", tmp_path).info
    assert (info.published, info.published_basis) == (published, "printed" if published else None)


@pytest.mark.parametrize(
    "content",
    [
        "---\nWhat the title and the date say\n---\n# Real title\n",
        "---\n- title\n- date\n---\n# Real title\n",
        "---\n\n---\n# Real title\n",
        "---\n# Real title\ntext without an end",
        "----\ntitle: no\n---\n# Real title",
        "# Real title\n---\ntitle: no\n---\n",
    ],
)
def test_rules_around_prose_are_not_front_matter(tmp_path: Path, content: str) -> None:
    assert read_bytes(content, tmp_path).info.title == "Real title"


@pytest.mark.parametrize(
    ("yaml", "says"),
    [
        ("title: [unclosed", "in line 2 of the file"),
        ("date: September 4, 2025", "'September 4, 2025' is not a date"),
        ("date: 2025-13-45", "month must be in 1..12"),
        ("title: {a: b}", "title is {'a': 'b'}, not one value"),
        ("published: 2025\npublished_basis: guessed", "published_basis is 'guessed'"),
        ("title: !!python/object/apply:os.system ['true']", "could not determine a constructor"),
        ("a: " + "[" * 2000, "it is nested too deeply"),
    ],
)
def test_unusable_front_matter_is_refused_in_one_line(tmp_path: Path, yaml: str, says: str) -> None:
    with pytest.raises(DocumentError, match="its front matter is not usable: ") as caught:
        read_bytes(f"---\n{yaml}\n---\nText.", tmp_path)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


# --- the sidecar


SIDECAR = """
[documents."a.md"]
title = "The sidecar's title"
published = 2024-05-25

[documents."sub/b.txt"]
publisher = "Post"
published = "2024-05"
published_basis = "printed"
"""


def test_sidecar_tells_of_each_source(tmp_path: Path) -> None:
    write(tmp_path, "corpus.toml", SIDECAR)
    assert read_sidecar(tmp_path) == {
        "a.md": Metadata(title="The sidecar's title", published="2024-05-25", published_basis="supplied"),
        "sub/b.txt": Metadata(publisher="Post", published="2024-05", published_basis="printed"),
    }


@pytest.mark.parametrize("content", ["", "\ufeff", "# nothing\n", "[documents]\n"])
def test_sidecar_may_be_empty(tmp_path: Path, content: str) -> None:
    write(tmp_path, "corpus.toml", content)
    assert read_sidecar(tmp_path) == {}


def test_sidecar_may_be_missing(tmp_path: Path) -> None:
    assert read_sidecar(tmp_path) == {}


def test_sidecar_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    write(tmp_path, "corpus.toml", "\ufeff" + SIDECAR)
    assert set(read_sidecar(tmp_path)) == {"a.md", "sub/b.txt"}


def test_sidecar_overrules_the_file_only_in_what_it_says(tmp_path: Path) -> None:
    write(tmp_path, "corpus.toml", SIDECAR)
    info = read(write(tmp_path, "a.md", FRONT), read_sidecar(tmp_path)["a.md"]).info
    assert (info.title, info.publisher) == ("The sidecar's title", "The Otter Post")
    assert (info.published, info.published_basis) == ("2024-05-25", "supplied")


def test_sidecar_basis_without_a_date_is_that_of_the_files_date(tmp_path: Path) -> None:
    path = write(tmp_path, "a.md", FRONT)
    assert read(path, Metadata(published_basis="supplied")).info.published_basis == "supplied"
    path = write(tmp_path, "a.md", "No date.")
    assert read(path, Metadata(published_basis="supplied")).info.published_basis is None


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('[documents."a.txt"\n', "Expected"),
        ('[documents."a.txt"]\ntitel = "x"', "'a.txt': unknown key titel"),
        ('[documents."a.txt"]\npublished = "4 Sept"', "'a.txt': '4 Sept' is not a date"),
        ('[documents."a.txt"]\npublished = "2025-02-30"', "'a.txt': '2025-02-30' names a day that does not exist"),
        ('[documents."a.txt"]\npublished = 10:00:00', "'a.txt': '10:00:00' is not a date"),
        ('[documents."a.txt"]\npublished_basis = "guess"', "'a.txt': published_basis is 'guess'"),
        ('[documents."a.txt"]\ntitle = ["x"]', "'a.txt': title is ['x'], not one value"),
        ('[documents]\n"a.txt" = "x"', "'a.txt': it is not a table of values"),
        ("documents = 5", 'write all entries as [documents."file.txt"]'),
        ('[document."a.txt"]\ntitle = "x"', 'write all entries as [documents."file.txt"]'),
        ('title = "x"', 'write all entries as [documents."file.txt"]'),
    ],
)
def test_wrong_sidecar_is_an_error_that_names_the_file_and_the_entry(tmp_path: Path, content: str, says: str) -> None:
    path = write(tmp_path, "corpus.toml", content)
    with pytest.raises(ConfigurationError) as caught:
        read_sidecar(tmp_path)
    assert str(caught.value).startswith(str(path))
    assert says in str(caught.value)


def test_sidecar_in_another_encoding_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = write(tmp_path, "corpus.toml", "# café".encode("cp1252"))
    with pytest.raises(ConfigurationError, match=r"can't decode byte 0xe9.*Correct the file") as caught:
        read_sidecar(tmp_path)
    assert str(caught.value).startswith(str(path))


# --- the seeds


def test_the_five_seeds_are_documents_with_what_their_sidecar_tells() -> None:
    told = read_sidecar(SEEDS)
    documents = [load(file, file.path.read_bytes(), told[file.source]) for file in list_files(SEEDS)]
    entries = tomllib.loads((SEEDS / "corpus.toml").read_text(encoding="utf-8"))["documents"]
    assert [document.info.source for document in documents] == sorted(entries)
    assert len({document.info.document_id for document in documents}) == 5
    for document in documents:
        info, entry = document.info, entries[document.info.source]
        assert (info.title, info.publisher, info.published_basis) == (
            entry["title"], entry.get("publisher"), entry["published_basis"],
        )  # fmt: skip
        assert info.published == str(entry["published"])
        assert document.text.encode() == (SEEDS / info.source).read_bytes()


def test_seed_without_its_sidecar_is_titled_by_its_heading() -> None:
    path = SEEDS / "003_40083b5715f79486.txt"
    info = load(SourceFile(path, SEEDS), path.read_bytes()).info
    assert info.title == (
        "Human rights groups call on U.S. president to oppose threats to International Criminal Court"
    )
    assert (info.published, info.label) == (None, f"“{info.title}”")


def test_front_matter_is_kept_and_told_apart_from_the_body(tmp_path: Path) -> None:
    path = tmp_path / "minutes.md"
    path.write_text("---\ntitle: Board minutes\npublished: true\ndate: 2025-06-05\n---\nThe roof leaks.\n")
    document = load(SourceFile(path, tmp_path), path.read_bytes())
    assert document.text[document.body_start :] == "The roof leaks.\n"
    assert (document.info.title, document.info.published) == ("Board minutes", "2025-06-05")
