"""Which corpora to measure faults on in, a `Tally` for each out: indexed where need be, their questions chosen."""

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from eval.cases import Split
from eval.corpora import DEFAULT_CORPUS, indexed, read_corpus, texts
from eval.faults import Tally, ask_all, check_model_sentences, gold_questions, statements
from eval.public_sets import fitz_gov_is_installed, load_fitz_gov
from eval.retrieval import index_corpus
from eval.sessions import DEFAULT_SET
from rag.progress import Bars, silent
from rag.settings import Settings


def measure_sets(
    corpora: Sequence[Path],
    cache: Path,
    *,
    split: Split,
    limit: int,
    seed: int,
    settings: Settings,
    bars: Bars = silent,
) -> dict[str, Tally]:
    """By name. Without `corpora` seeds/ and, where it is installed, fitz-gov, all of it indexed once in `cache`.

    Questions of a set are of its `split`, at most `limit`; what `corpora` say is all asked, having no halves.

    Raises:
        ConfigurationError: a corpus cannot be read.
    """
    found: dict[str, Tally] = {}

    def ask(name: str, index: Path, questions: Sequence[str], by_source: Mapping[str, str]) -> None:
        asked = _sample(questions, limit)
        found[name] = ask_all(index, asked, by_source, settings=settings, seed=seed, bars=bars, name=name)

    for folder in corpora or (DEFAULT_CORPUS,):
        index, _ = indexed(folder, cache / "faults", settings=settings, progress=bars(f"Indexing {folder}"))
        documents = read_corpus(folder)
        ask(
            str(folder),
            index,
            statements(documents) if corpora else gold_questions(DEFAULT_SET, split=split),
            texts(documents),
        )
        by_hand = check_model_sentences(documents, split=split, seed=seed)
        if by_hand.dropped:
            found[f"{folder}, by hand"] = by_hand
    if not corpora and fitz_gov_is_installed():
        data = load_fitz_gov(half="odd" if split == "test" else "even")
        index_corpus(data.documents, cache / data.name, settings=settings, progress=bars(f"Indexing {data.name}"))
        ask(
            data.name,
            cache / data.name / "index",
            [question.text for question in data.questions],
            {document.source: document.text for document in data.documents},
        )
    return found


def _sample(questions: Sequence[str], limit: int) -> list[str]:
    distinct = list(dict.fromkeys(questions))
    return random.Random(0).sample(distinct, min(limit, len(distinct)))  # noqa: S311 - a sample, not a secret
