"""`attest feedback export`: what readers sent back in, drafts of gold cases out."""

from enum import StrEnum
from typing import Annotated

import typer

from rag.console import print_json
from rag.corpora import DEFAULT_CORPUS, corpus_folder, no_such_corpus

app = typer.Typer(help="What readers think of the answers.", no_args_is_help=True)


class RatingChoice(StrEnum):
    UP = "up"
    DOWN = "down"


@app.callback()
def feedback() -> None:
    """Keeps `export` a command of its own, though it is the only one."""


@app.command()
def export(
    corpus: Annotated[str, typer.Option(help="The corpus that was asked.")] = DEFAULT_CORPUS,
    rating: Annotated[RatingChoice | None, typer.Option(help="Only feedback of this kind. [both]")] = None,
) -> None:
    """Draft a gold case from each answer that readers rated, as a line of JSON.

    Each has the question, the verdict and evidence of the answer, and in `note` what readers said of it. Judge them,
    add the facts that a right answer has, and see what they still lack with: attest eval gold check FILE
    """
    from api.feedback import FEEDBACK, FeedbackStore
    from api.gold_drafts import draft_cases
    from rag.settings import load_settings

    folder = corpus_folder(load_settings().data_dir, corpus)
    if corpus != DEFAULT_CORPUS and not folder.is_dir():
        raise no_such_corpus(corpus)
    given = [one for one in FeedbackStore(folder / FEEDBACK).all() if rating is None or one.rating == rating]
    drafts = draft_cases(given)
    for draft in drafts:
        print_json(draft, line=True)
    typer.echo(f"{len(given)} ratings, {len(drafts)} drafts", err=True)
