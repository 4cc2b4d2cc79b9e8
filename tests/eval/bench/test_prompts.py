from pathlib import Path

from eval.bench.material import Material
from eval.bench.prompts import run, run_gold
from eval.cases import AnswerPoint, Evidence, GoldCase, QuoteRef, Turn, split_of
from eval.public_sets import SourceText
from rag.settings import Settings

OTTERS = "Sea otters hold hands while they sleep. They eat urchins and clams. "


def _case(case_id: str, question: str, source: str, quote: str, *history: Turn) -> GoldCase:
    return GoldCase(
        case_id,
        question,
        "single_fact",
        "answered",
        (AnswerPoint("it", ("it",)),),
        (Evidence((QuoteRef(source, quote),)),),
        history=history,
    )


def test_a_gold_set_is_measured_half_by_half(docs: Path, settings: Settings) -> None:
    before = (Turn("user", "What do sea otters eat?"), Turn("assistant", "Sea otters eat urchins and clams. [1]"))
    cases = [
        _case("otters-eat", "What do sea otters eat?", "otters.txt", "They eat urchins and clams."),
        _case(
            "otters-sleep", "And what do they hold while they sleep?", "otters.txt", "Sea otters hold hands", *before
        ),
        _case("bridge-long", "How long is the bridge?", "bridge.md", "It is 503 metres long."),
        _case("bridge-open", "When did the bridge open?", "bridge.md", "The bridge opened on 3 May 1932."),
        _case("nobody", "Who is the king of Denmark?", "bread.txt", "Rye bread needs a sour starter."),
    ]
    sizes = run_gold(cases, docs, settings=settings)
    for half in ("tune", "test"):
        asked = [case for case in cases if split_of(case.id) == half]
        answered = [case for case in asked if case.id != "nobody"]
        assert asked, "both halves are measured"
        assert (sizes[half].questions, sizes[half].prompts) == (len(asked), len(answered))
        assert (sizes[half].evidence.value, sizes[half].whole_evidence.value) == (1.0, 1.0)
        assert sizes[half].evidence.n == len(answered)


def test_evidence_that_only_whole_passages_hold_is_a_gap(docs: Path, settings: Settings) -> None:
    (docs / "bridge.md").write_text(
        "The bridge is 503 metres long. It opened on 3 May 1932. Trams crossed it for years. It was painted grey. "
        "Who would paint it grey, and why?"  # no statement: it answers nothing, and is no neighbour of the best
    )
    case = _case("grey", "How long is the bridge?", "bridge.md", "Who would paint it grey, and why?")
    elsewhere = _case("none", "How long is the bridge?", "unknown.md", "Who would paint it grey, and why?")
    sizes = run_gold([case, elsewhere], docs, settings=settings)
    found = sizes[split_of(case.id)]
    assert (found.evidence.value, found.whole_evidence.value, found.evidence_gap.value) == (0.0, 1.0, -1.0)
    assert sum(one.evidence.n for one in sizes.values()) == 1  # what is in no document is not asked for


def test_prompts_are_smaller_than_whole_passages_of_long_documents(settings: Settings) -> None:
    filler = "Somewhere in the hills the weather was said to be fair for the season and for the harvest. " * 8
    documents = tuple(SourceText(f"{number}.txt", f"{filler}{OTTERS}{filler}", f"Tale {number}") for number in range(9))
    material = Material(documents, ("What do sea otters eat?", "What do otters hold?", "Who eats clams?"))
    result = run(material, questions=1, settings=settings)
    assert (result.questions, result.prompts) == (1, 1)
    assert result.tokens.p50 == result.tokens.mean == result.tokens.p95
    assert result.ratio.value == result.tokens.mean / result.whole_tokens.mean
    assert result.ratio.value < 0.9
    assert result.evidence.value is None


def test_a_corpus_without_answers_has_no_figures(settings: Settings) -> None:
    material = Material((SourceText("a.txt", OTTERS),), ("Who won the cup final in 1987?",))
    result = run(material, questions=1, settings=settings)
    assert (result.prompts, result.tokens.mean, result.ratio.value) == (0, 0.0, None)
