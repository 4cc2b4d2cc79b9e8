"""A folder, the fitz-gov corpus or nothing in; documents, texts and questions to measure speed with out."""

import random
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from eval.public_sets import SourceText, load_fitz_gov, shrink
from rag.corpus.loading import list_files, load, read_sidecar
from rag.errors import ConfigurationError, DocumentError
from rag.settings import Settings
from rag.text import split_sentences, words

_FEWEST_WORDS, _MOST_WORDS = 4, 8  # of a sentence that a question repeats
_SENTENCES_A_TEXT = 13  # of 16 words on average
_WORDS = """
the the the of of of and and to to in in a a that is was for on with as by at from it were which their has
court judge government minister committee report commission council member country international national public
officials statement decision investigation sanctions measures evidence rights organization university president
announced published described remained according several during between against before after under because however
water river mountain village harbour station railway building bridge market winter summer century morning
company revenue percent million increase quarter contract agreement employees customers research development
patients treatment study results analysis population species temperature energy electricity production
early later large small important different available particular general local foreign independent
""".split()


@dataclass(frozen=True, slots=True)
class Material:
    documents: tuple[SourceText, ...]
    questions: tuple[str, ...]


def fitz_gov_material(*, documents: int) -> Material:
    """At most `documents` of fitz-gov's, and the questions whose answers are among them."""
    taken = shrink(load_fitz_gov(half="all"), documents=documents)
    return Material(taken.documents, tuple(question.text for question in taken.questions))


def folder_material(folder: Path, *, documents: int, questions: int) -> Material:
    """At most `documents` of a folder's files, and questions made from the beginnings of their sentences.

    Raises:
        ConfigurationError: there is no readable document, or no sentence to ask about.
    """
    taken = _read_folder(folder, documents)
    return Material(tuple(taken), tuple(_ask_about(taken, questions)))


def chunk_texts(folder: Path, *, settings: Settings, limit: int) -> list[str]:
    """The first `limit` chunks of a folder's documents, as an ingest would cut them.

    Raises:
        ConfigurationError: there is no readable document.
    """
    from rag.corpus.chunking import Chunker

    chunker = Chunker(chunk_tokens=settings.chunk_tokens, overlap_tokens=settings.chunk_overlap_tokens)
    chunks = (chunk.text for document in _read_folder(folder, limit) for chunk in chunker.chunk(document.text))
    return list(islice(chunks, limit))


def prose(count: int) -> list[str]:
    """`count` texts of about 200 common words each, with the word lengths and sentences of English; always the same."""
    generator = random.Random(0)  # noqa: S311 - a sample, not a secret
    return [" ".join(_sentence(generator) for _ in range(_SENTENCES_A_TEXT)) for _ in range(count)]


def short_questions(count: int) -> list[str]:
    """`count` different questions of four to eight words; always the same."""
    generator = random.Random(1)  # noqa: S311 - a sample, not a secret
    return [f"What {' '.join(generator.choices(_WORDS, k=generator.randint(3, 7)))}?" for _ in range(count)]


def _sentence(generator: random.Random) -> str:
    return " ".join(generator.choices(_WORDS, k=generator.randint(8, 24))).capitalize() + "."


def _read_folder(folder: Path, limit: int) -> list[SourceText]:
    files = list_files(folder)
    sidecar = read_sidecar(files[0].folder if files else folder)
    taken: list[SourceText] = []
    for file in files:
        try:
            document = load(file, file.path.read_bytes(), sidecar.get(file.source))
        except DocumentError:
            continue  # `attest ingest` names these
        taken.append(SourceText(file.source, document.text, document.info.title))
        if len(taken) == limit:
            break
    if not taken:
        raise ConfigurationError(f"{folder} holds no readable document. Give a folder of .txt or .md files.")
    return taken


def _ask_about(documents: list[SourceText], count: int) -> list[str]:
    openings = {
        f"What is said of {' '.join(found[:_MOST_WORDS])}?": None
        for document in documents
        for span in split_sentences(document.text)
        if len(found := words(document.text[span.start : span.end])) >= _FEWEST_WORDS
    }
    if not openings:
        raise ConfigurationError("the documents hold no sentence of four words to ask about. Give longer ones.")
    chosen = list(openings)
    random.Random(0).shuffle(chosen)  # noqa: S311 - a sample, not a secret
    return chosen[:count]
