"""`rag.corpus.formats.pptx`: what an audience sees, slide by slide, and what the speaker notes."""

import pptx
from pptx.util import Inches

from rag.corpus.formats.pptx import read
from tests.rag.corpus.formats import making


def test_slides_are_places_with_their_titles_points_and_notes() -> None:
    content = read(making.slides())
    first, second = content.places
    assert (first.label, second.label) == ("slide 1", "slide 2")
    assert content.text[first.start : first.end] == (
        "## Counting otters\n\n- The count took nineteen days.\n- Forty volunteers walked the shore.\n\n"
        "Notes: Thank the harbour of Skarvik for the boats."
    )


def test_tables_and_charts_are_rows_that_name_their_columns() -> None:
    text = read(making.slides()).text
    assert "- Ticket: Adult; Price: 12.50 euros; Sold: 8120.\n- Ticket: Child; Price: 6 euros; Sold: 3004." in text
    assert "- 2024; Otters: 393.\n- 2025; Otters: 412." in text


def test_a_hidden_slide_is_told_and_not_read() -> None:
    content = read(making.slides())
    assert content.warnings == ("hidden slides are not read: 3",)
    assert "audience" not in content.text


def test_a_deck_is_titled_by_its_first_slide_when_its_properties_say_nothing() -> None:
    told = read(making.slides()).metadata
    assert (told.title, told.authors, told.published) == ("Counting otters", "Ann Shore", None)


def test_shapes_are_read_from_top_to_bottom_and_left_to_right_in_groups_too() -> None:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])

    def add(shapes: object, words: str, left: float, top: float) -> None:
        box = shapes.add_textbox(Inches(left), Inches(top), Inches(2), Inches(1))  # type: ignore[attr-defined]
        box.text_frame.text = words

    add(slide.shapes, "Fourth.", 0, 5)
    add(slide.shapes, "Second.", 4, 1)
    add(slide.shapes, "First.", 0, 1.05)
    group = slide.shapes.add_group_shape()
    add(group.shapes, "Third.", 0, 3)
    assert read(making.saved(deck)).text.split("\n\n") == ["First.", "Second.", "Third.", "Fourth."]
