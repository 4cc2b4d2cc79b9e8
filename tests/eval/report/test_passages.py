from eval.metrics import SourceSpan
from eval.report.passages import Mark, Piece, pieces_around

TEXT = "one two three four five six seven"


def at(words: str) -> SourceSpan:
    start = TEXT.index(words)
    return SourceSpan("a.txt", start, start + len(words))


def test_the_cited_words_are_marked_inside_their_surroundings() -> None:
    assert pieces_around(TEXT, at("four"), {"cited": [at("four")]}, around=100) == (
        Piece("one two three ", ()),
        Piece("four", ("cited",)),
        Piece(" five six seven", ()),
    )


def test_no_word_at_the_edge_is_cut() -> None:
    # 7 characters before "four" begin inside "two", 8 after it end inside "six"
    assert [piece.text for piece in pieces_around(TEXT, at("four"), {"cited": [at("four")]}, around=8)] == [
        "… ",
        "three ",
        "four",
        " five",
        " …",
    ]


def test_characters_that_are_both_cited_and_expected_have_both_marks() -> None:
    marks: dict[Mark, list[SourceSpan]] = {"cited": [at("three four")], "expected": [at("four five")]}
    found = pieces_around(TEXT, at("three four"), marks, around=100)
    assert [(piece.text, piece.marks) for piece in found if piece.marks] == [
        ("three ", ("cited",)),
        ("four", ("cited", "expected")),
        (" five", ("expected",)),
    ]


def test_the_pieces_together_are_the_text() -> None:
    found = pieces_around(TEXT, at("four"), {"cited": [at("four")], "expected": [at("two three")]}, around=100)
    assert "".join(piece.text for piece in found) == TEXT
