from eval.bench.material import Material
from eval.bench.meanwhile import run
from eval.public_sets import SourceText
from rag.settings import Settings


def test_answers_are_timed_while_an_ingest_runs_and_while_it_is_held(settings: Settings) -> None:
    documents = tuple(SourceText(f"{number}.txt", f"Otter number {number} eats clams.") for number in range(30))
    result = run(Material(documents, ("What does otter number 7 eat?",)), settings=settings)
    assert (result.documents, result.ingested) == (30, 30)
    assert result.questions >= 40
    assert result.ratio == result.ingesting.p99 / result.idle.p99
    assert 0 < result.idle.p50 <= result.idle.p99
    assert result.ingest_seconds > 0
