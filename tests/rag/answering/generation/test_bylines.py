import pytest

from rag.answering.generation.bylines import Byline, find_byline, is_named
from rag.types import DocumentInfo


def document(
    publisher: str | None = None, *, title: str | None = None, published: str | None = "2031-03-14"
) -> DocumentInfo:
    return DocumentInfo(
        document_id="d", source="ferry.md", version="v", title=title, publisher=publisher, published=published
    )


GAZETTE = document("Kelpmouth Gazette")
WATCH = document("Harbour Watch", published="2031-03-10")
BOTH = [GAZETTE, WATCH]
CLAIM = "the fare rose."


@pytest.mark.parametrize(
    "sentence",
    [
        f"Kelpmouth Gazette says that {CLAIM}",
        f"The Kelpmouth Gazette reported that {CLAIM}",
        f"The Gazette says {CLAIM}",
        f"As the Gazette reports, {CLAIM}",
        f"“Kelpmouth Gazette” writes: {CLAIM}",
        f"According to the Kelpmouth Gazette, {CLAIM}",
        "the fare rose, according to the Kelpmouth Gazette.",
        "the fare rose, the Kelpmouth Gazette reported.",
    ],
)
def test_a_byline_is_told_from_the_claim(sentence: str) -> None:
    byline = find_byline(sentence, BOTH)
    assert byline is not None
    assert (byline.claim, byline.date) == (CLAIM, None)
    assert [one for one in BOTH if byline.fits(byline.names[0], one)] == [GAZETTE]


@pytest.mark.parametrize(
    "sentence",
    [
        f"Kelpmouth Gazette (2031-03-14) says that {CLAIM}",
        f"The Kelpmouth Gazette on 14 March 2031 said that {CLAIM}",
        f"The Kelpmouth Gazette said on 14 March 2031 that {CLAIM}",
        f"The Kelpmouth Gazette reported on 14 March 2031: {CLAIM}",
        f"According to the Kelpmouth Gazette (2031-03-14), {CLAIM}",
        "the fare rose, according to the Kelpmouth Gazette (2031-03-14).",
    ],
)
def test_a_byline_has_its_date(sentence: str) -> None:
    byline = find_byline(sentence, BOTH)
    assert byline is not None
    assert byline.claim == CLAIM
    assert byline.date in ("2031-03-14", "14 March 2031")
    assert byline.fits(byline.names[0], GAZETTE)


@pytest.mark.parametrize(
    ("said", "fits"),
    [
        (None, True),
        ("2031-03-14", True),
        ("March 2031", True),
        ("2031", True),
        ("2031-03-15", False),
        ("13 March 2031", False),
        ("2030", False),
        ("retrieved online", True),
    ],
)
def test_another_date_than_its_own_is_another_document(said: str | None, fits: bool) -> None:
    assert Byline(CLAIM, ("the Gazette",), said).fits("the Gazette", GAZETTE) is fits


def test_a_date_fits_no_document_without_one() -> None:
    undated = document("Kelpmouth Gazette", published=None)
    assert not Byline(CLAIM, ("the Gazette",), "2031").fits("the Gazette", undated)
    assert Byline(CLAIM, ("the Gazette",), None).fits("the Gazette", undated)


def test_several_sources_are_named_together() -> None:
    byline = find_byline(f"Harbour Watch and the Kelpmouth Gazette say that {CLAIM}", BOTH)
    assert byline is not None
    assert byline.names == ("Harbour Watch", "the Kelpmouth Gazette")


@pytest.mark.parametrize(
    "sentence",
    [
        f"Mayor Ines Calder said that {CLAIM}",
        f"Harbour Watch and Reuters say that {CLAIM}",
        f"According to officials, {CLAIM}",
        "The fare rose.",
        "",
    ],
)
def test_who_publishes_none_of_the_documents_is_no_byline(sentence: str) -> None:
    assert find_byline(sentence, BOTH) is None


@pytest.mark.parametrize(
    "name", ["Coalition for Peace and Justice", "the Coalition", "Peace Coalition", "CPJ", "the Coalition's"]
)
def test_a_publisher_is_named_in_short(name: str) -> None:
    assert is_named(name, document("Coalition for Peace and Justice"))


@pytest.mark.parametrize("name", ["Peace", "the", "Justice League", "Coalition for War", ""])
def test_another_name_is_not_it(name: str) -> None:
    assert not is_named(name, document("Coalition for Peace and Justice"))


def test_title_and_file_stand_in_for_a_publisher_only_where_there_is_none() -> None:
    for name in ("“Ferry fares rise”", "ferry.md"):
        assert is_named(name, document(title="Ferry fares rise"))
        assert not is_named(name, document("Kelpmouth Gazette", title="Ferry fares rise"))


def test_a_day_that_may_be_the_claims_stays_with_it() -> None:
    byline = find_byline("The Kelpmouth Gazette said on Monday the fare rose.", BOTH)
    assert byline == Byline("on Monday the fare rose.", ("The Kelpmouth Gazette",), None)
