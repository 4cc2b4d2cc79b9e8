from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.dates import parse_date
from rag.index.library import Library
from rag.index.library_draft import LibraryDraft
from rag.index.rows import decode_dates, encode_dates, stem_codes
from rag.questions import parse_question
from rag.types import Chunk, DateSpan, Document, DocumentInfo, Span


def unit(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    vector = np.array(values, np.float32)
    return vector / np.linalg.norm(vector)


def add(library: LibraryDraft, name: str, text: str, *, published: str | None = None, root: str = "/docs") -> list[int]:
    document = Document(
        info=DocumentInfo(
            document_id=name, source=f"{name}.txt", version=f"sha256:{name}", title=f"On {name}", published=published
        ),
        text=text,
    )
    chunk = Chunk(0, len(text), text, (Span(0, len(text)),))
    vector = unit(1, len(text), 3)
    return library.add_document(
        document,
        [chunk],
        root=root,
        fingerprint=f"f-{name}",
        vectors=[(vector, vector[np.newaxis])],
    )


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    path = tmp_path / "library.sqlite"
    with LibraryDraft.create(path) as draft:
        add(draft, "otters", "Otters hold hands. Ünïcode 😀 too.", published="2024-05")
        add(draft, "bridge", "The bridge opened on 3 May 1932.", published="2025-09-04")
        add(draft, "bread", "Bread needs feeding twice a day.")
    with Library.open(path) as published:
        yield published


def found(library: Library, *terms: str, **filters: str) -> list[int]:
    question = parse_question("anything", **filters)
    return [chunk_id for chunk_id, _ in library.search_keywords(terms, limit=9, question=question)]


def test_a_stored_document_comes_back_whole(library: Library) -> None:
    document = library.document("otters")
    assert document is not None
    assert document.text == "Otters hold hands. Ünïcode 😀 too."
    assert (document.info.title, document.info.published) == ("On otters", "2024-05")
    assert library.document("no such") is None


def test_a_quote_is_cut_by_code_points_and_only_from_the_named_version(library: Library) -> None:
    assert library.quote("otters", "sha256:otters", 19, 28) == "Ünïcode 😀"
    assert library.quote("otters", "sha256:older", 19, 28) is None


def test_keyword_search_stems_folds_and_ranks(library: Library) -> None:
    assert found(library, "holding", "UNICODE") == [1]
    assert found(library, "bridges", "bread") in ([2, 3], [3, 2])
    assert found(library, "zebra") == []
    assert found(library) == []


@pytest.mark.parametrize(
    ("postings", "filters", "expected"),
    [
        (9, {}, [1, 2, 3]),
        (3, {}, [1, 2]),  # "otters" and "opened" are in one chunk each, "on" is in three
        (1, {}, [1]),
        (0, {}, [1]),  # the rarest is looked for however common it is
        (1, {"source": "b*dge.txt"}, [2]),  # a third of the chunks are let through: three postings are one
        (2, {"source": "b*"}, [2]),
    ],
)
def test_common_words_are_left_out_while_rarer_ones_make_do(
    library: Library, monkeypatch: pytest.MonkeyPatch, postings: int, filters: dict[str, str], expected: list[int]
) -> None:
    monkeypatch.setattr("rag.index.library._POSTINGS", postings)
    assert sorted(found(library, "on", "otters", "opened", "zebra", **filters)) == expected


def test_the_only_word_is_looked_for_however_common(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.index.library._POSTINGS", 1)
    assert sorted(found(library, "on", "zebra")) == [1, 2, 3]


@pytest.mark.parametrize("term", ['"', 'a" OR "b', "NEAR(", "title:x", "*", "-", "^"])
def test_query_syntax_in_a_term_is_only_text(library: Library, term: str) -> None:
    assert found(library, term, "bread") == [3]


def test_a_date_is_found_by_its_terms_however_it_is_written(library: Library) -> None:
    assert found(library, "d19320503") == [2]
    assert found(library, "pd20250904") == [2]
    assert library.candidates([2], dimensions=3).dates[0] >= {"d19320503", "m193205", "y1932", "pm202509"}
    assert library.candidates([1], dimensions=3).dates[0] == {"pm202405", "py2024"}


@pytest.mark.parametrize(
    ("text", "published", "dates"),
    [
        ("It closed on Thursday.", "2025-09-04", ["2025-09-04"]),
        ("It closed on Thursday.", "2025-09", []),
        ("Late last year it closed.", "2025-09", ["2024-09-01/2024-12-31"]),
        ("It ran from 2019 to 2021.", None, ["2019", "2021", "2019-01-01/2021-12-31"]),
        ("It closed.", "2025-09-04", []),
    ],
)
def test_what_a_sentence_says_of_time_is_resolved_when_stored(
    tmp_path: Path, text: str, published: str | None, dates: list[str]
) -> None:
    path = tmp_path / "library.sqlite"
    with LibraryDraft.create(path) as draft:
        add(draft, "mill", text, published=published)
    expected = tuple(
        DateSpan(parse_date(first).first, parse_date(last or first).last)
        for first, _, last in (said.partition("/") for said in dates)
    )
    with Library.open(path) as library:
        (sentence,) = library.chunks([1])[1].sentences
        assert text[sentence.start : sentence.end] == text
        assert sentence.dates == expected
        assert library.document_dates("mill") == set(expected)
        assert library.document_dates("no such") == set()


@given(st.lists(st.tuples(st.dates(), st.dates()).map(sorted).map(lambda days: DateSpan(*days)), unique=True))
def test_dates_are_stored_without_loss(spans: list[DateSpan]) -> None:
    assert decode_dates(encode_dates(spans)) == tuple(spans)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"source": "b*"}, [2, 3]),
        ({"published_after": "2024-05-20"}, [1, 2]),  # "2024-05" may be the 20th or later
        ({"published_after": "2024-06"}, [2]),
        ({"published_before": "2024"}, [1]),
        ({"published_before": "2025", "source": "br*"}, [2]),
        ({"published_after": "2026"}, []),
    ],
)
def test_filters_let_through_what_may_match_and_nothing_undated(
    library: Library, filters: dict[str, str], expected: list[int]
) -> None:
    assert sorted(library.matching_chunks(parse_question("q", **filters)) or []) == expected
    assert sorted(found(library, "otters", "bridge", "bread", **filters)) == expected


def test_a_filter_adds_no_search_for_each_chunk_that_it_lets_through(tmp_path: Path) -> None:
    with LibraryDraft.create(tmp_path / "library.sqlite") as draft:
        for number in range(2_000):
            add(draft, f"otter{number}", f"Otter {number} eats clams.", published="2024" if number % 2 else "2025")

        def seconds(**filters: str) -> float:
            started = perf_counter()
            assert len(found(draft, "otter", "clams", "2024", "eats", **filters)) == 9
            return perf_counter() - started

        times = [(seconds(), seconds(as_of="2024-12")) for _ in range(5)]
    assert median(filtered / whole for whole, filtered in times) < 5  # with a search for each it is 100


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2024-04-30", [3]),
        ("2024-05-01", [1, 3]),  # "2024-05" may be that day's
        ("2024", [1, 3]),
        ("2025-09-03", [1, 3]),
    ],
)
def test_as_of_hides_what_is_certainly_later_and_leaves_what_is_undated(
    library: Library, as_of: str, expected: list[int]
) -> None:
    assert sorted(library.matching_chunks(parse_question("q", as_of=as_of)) or []) == expected
    assert sorted(found(library, "otters", "bridge", "bread", as_of=as_of)) == expected


@pytest.mark.parametrize("filters", [{}, {"as_of": "2025-09-04"}, {"as_of": "2025-09"}, {"source": "*.txt"}])
def test_filters_that_hide_nothing_list_nothing(library: Library, filters: dict[str, str]) -> None:
    assert library.matching_chunks(parse_question("q", **filters)) is None
    assert sorted(found(library, "otters", "bridge", "bread", **filters)) == [1, 2, 3]


def test_vectors_survive_half_precision(library: Library) -> None:
    candidates = library.candidates([2, 3], dimensions=3)
    expected = unit(1, len("The bridge opened on 3 May 1932."), 3)
    assert candidates.chunk_ids == [2, 3]
    assert float(candidates.vectors[0].astype(np.float32) @ expected) == pytest.approx(1, abs=1e-3)
    assert candidates.sentence_vectors.shape == (2, 3)
    assert candidates.sentence_rows.tolist() == [0, 1]


def test_stems_of_title_and_text_are_kept_for_scoring(library: Library) -> None:
    candidates = library.candidates([2], dimensions=3)
    assert set(stem_codes(["bridg", "open", "1932"])) <= set(candidates.stems)
    assert stem_codes(["otter"])[0] not in candidates.stems


def test_removing_a_document_takes_its_chunks_and_their_ids_are_not_used_again(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    with LibraryDraft.create(path) as draft:
        first = add(draft, "otters", "Otters hold hands.")
        assert draft.remove_document("otters", replaced="2026-01-01") == first
        assert draft.counts() == {"documents": 0, "chunks": 0, "sentences": 0}
        assert add(draft, "otters", "Otters hold hands.") != first
    with Library.open(path) as library:
        assert found(library, "otters") == [2]


def test_a_failed_edit_is_not_kept_as_if_it_were_whole(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"

    def fail() -> None:
        with LibraryDraft.create(path) as draft:
            add(draft, "otters", "Otters hold hands.")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail()
    with Library.open(path) as library:
        assert library.counts()["documents"] == 0


def test_document_frequencies_count_chunks(library: Library) -> None:
    assert library.document_frequencies(["hold", "on", "zebra"]) == {"hold": 1, "on": 3}
