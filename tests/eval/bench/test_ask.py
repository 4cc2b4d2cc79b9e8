from pathlib import Path

import pytest

from rag.settings import Settings

pytest.importorskip("llama_index.vector_stores.chroma", reason="the starter comes with the dev extra")


@pytest.mark.filterwarnings("default")  # LlamaIndex's and Chroma's own
def test_both_answer_every_question_in_every_round(docs: Path, settings: Settings) -> None:
    from eval.bench.ask import run
    from eval.bench.material import Material, folder_material

    documents = folder_material(docs, documents=3, questions=1).documents
    material = Material(documents, ("What do sea otters eat?", "How long is the bridge?"))
    result = run(material, rounds=2, settings=settings)
    assert (result.documents, result.questions, result.rounds, result.answered) == (3, 2, 2, 4)
    assert 0 < result.attest.p50 <= result.attest.p95
    assert 0 < result.starter.p50 <= result.starter.p95
    assert result.ratio == pytest.approx(result.attest.p50 / result.starter.p50)
    assert 0 < result.stages["retrieve"] <= result.stages["total"] <= result.attest.p95
