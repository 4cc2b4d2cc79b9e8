"""`attest eval gold check | new`: a gold set or a question in, its problems or a drafted case out."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from rag.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from eval.cases import AnswerPoint, GoldVerdict
    from eval.drafting import Candidate
    from eval.results import CorpusDocument


class _Choices(NamedTuple):
    """What the person drafting decided; `evidence` are numbers of candidates."""

    evidence: str | None
    points: "Sequence[AnswerPoint]"
    verdict: "GoldVerdict | None"
    note: str | None


app = typer.Typer(no_args_is_help=True, help="Check and build gold sets: questions with the answers they should get.")


@app.command()
def check(
    path: Annotated[Path | None, typer.Argument(help="Gold set (JSON Lines). Default: the shipped one.")] = None,
    corpus: Annotated[Path | None, typer.Option(help="Folder of the documents. Default: seeds/.")] = None,
) -> None:
    """List every problem of a gold set, such as evidence that its documents do not hold; exit 1 when there is one."""
    from eval.case_checks import check_cases
    from eval.cases import read_cases
    from eval.corpora import DEFAULT_CORPUS, read_corpus, texts
    from eval.sessions import DEFAULT_SET

    cases, problems = read_cases(path or DEFAULT_SET)
    documents = texts(read_corpus(corpus or DEFAULT_CORPUS))
    if cases or not problems:
        problems += check_cases(cases, documents)
    for problem in problems:
        typer.echo(problem)
    typer.echo(f"{len(cases)} cases, {len(problems)} problems", err=True)
    if problems:
        raise typer.Exit(1)


@app.command()
def new(
    question: Annotated[str, typer.Argument(help="What a reader would ask.")],
    corpus: Annotated[
        Path | None, typer.Option(help="Folder of documents, or a data directory. Default: your index.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Gold set to append the case to, once it is valid.")] = None,
    evidence: Annotated[
        str | None, typer.Option(help="Numbers of the candidates, as 1,3. Default: what the answer cites.")
    ] = None,
    point: Annotated[list[str] | None, typer.Option(help="A fact the answer must have; may be repeated.")] = None,
    accept: Annotated[
        list[str] | None, typer.Option(help='Accepted forms of the nth --point, as "4 September | September 4".')
    ] = None,
    verdict: Annotated[
        str | None, typer.Option(help="answered, partial, disputed or abstained. Default: the answer's.")
    ] = None,
    case_type: Annotated[str | None, typer.Option("--type", help="Type of the case, as single_fact.")] = None,
    case_id: Annotated[str | None, typer.Option("--id", help="Default: the question's first words.")] = None,
    as_of: Annotated[str | None, typer.Option(help="The day it is asked on, as 2025-09-04.")] = None,
    note: Annotated[str | None, typer.Option(help="What the next editor should know.")] = None,
) -> None:
    """Ask a question and draft a gold case from the answer, as one line of JSON.

    On a terminal it lets you choose the evidence by number and asks for the facts. Else give --evidence, --point and
    --accept; the candidates and what the draft still lacks are told on stderr.
    """
    from eval.case_checks import check_cases
    from eval.cases import dump_case, load_cases
    from eval.corpora import texts
    from eval.drafting import candidates, draft_case, read_choice, read_points, read_type, read_verdict

    chosen_type = read_type(case_type)
    chosen = _Choices(evidence, read_points(point or (), accept or ()), read_verdict(verdict), note)
    answer, documents = _ask(question, corpus, as_of)
    offered = candidates(answer)
    _show(answer, offered)
    if chosen == _Choices(None, [], None, None) and sys.stdin.isatty():
        chosen = _prompt(answer["verdict"], offered)
    case = draft_case(
        question,
        answer,
        evidence=None if chosen.evidence is None else read_choice(chosen.evidence, offered),
        points=chosen.points,
        verdict=chosen.verdict,
        case_type=chosen_type,
        case_id=case_id,
        as_of=as_of,
        note=chosen.note,
    )
    before = load_cases(out) if out is not None and out.exists() else []
    held = texts(documents)
    known = set(check_cases(before, held)) if before else set()
    problems = [problem for problem in check_cases([*before, case], held) if problem not in known]
    typer.echo(dump_case(case))
    for problem in problems:
        typer.echo(f"still to mend: {problem}", err=True)
    if out is None:
        return
    if problems:
        typer.echo(f"nothing was added to {out}", err=True)
        raise typer.Exit(1)
    _append(out, dump_case(case))
    typer.echo(f"added to {out}", err=True)


def _ask(question: str, corpus: Path | None, as_of: str | None) -> "tuple[Mapping[str, Any], Sequence[CorpusDocument]]":
    from eval.cases import GoldCase
    from eval.configurations import load_configurations
    from eval.corpora import documents_of_index, indexed, is_index, read_corpus
    from eval.targets import open_engine_target
    from rag.progress import progress_bars

    (configuration,) = load_configurations(())
    settings = configuration.settings
    if corpus is None or is_index(corpus):
        data_dir = corpus or settings.data_dir
        documents = documents_of_index(data_dir, settings=settings)
    else:
        documents = read_corpus(corpus)
        with progress_bars() as bars:
            data_dir, _ = indexed(
                corpus, settings.data_dir / "eval" / "indexes", settings=settings, progress=bars("Indexing")
            )
    case = GoldCase(id="draft", question=question, type="single_fact", verdict="answered", as_of=as_of)
    with open_engine_target(data_dir, configuration=configuration) as engine:
        return json.loads(json.dumps(engine.ask(case))), documents


def _show(answer: "Mapping[str, Any]", offered: "Sequence[Candidate]") -> None:
    from eval.tables import printable

    said = " ".join(filter(None, (answer["text"], answer["message"])))
    typer.echo(f"{answer['verdict']}: {printable(said)}\n", err=True)
    for number, candidate in enumerate(offered, start=1):
        mark = "cited" if candidate.cited else "near"
        quote = printable(" ".join(candidate.quote.quote.split()))
        typer.echo(f"{number:>3}  {mark:<5}  {candidate.quote.source}: {quote}", err=True)


def _prompt(proposed: str, offered: "Sequence[Candidate]") -> _Choices:
    """Asks again what cannot be, so that nothing that was typed before is lost."""
    from eval.drafting import read_choice, read_points, read_verdict

    typer.echo(err=True)
    verdict = read_verdict(_prompt_for("Right verdict", default=proposed, check=read_verdict))
    evidence, points, accepted = None, list[str](), list[str]()
    if verdict != "abstained":
        numbers = "Evidence, numbers as 1,3 (empty: what is cited)"
        evidence = _prompt_for(numbers, check=lambda given: read_choice(given, offered))
        while fact := _prompt_for("A fact the answer must have (empty: no more)"):
            points.append(fact)
            accepted.append(_prompt_for('  accepted forms, "|" between (empty: the fact itself)'))
    note = _prompt_for("Note, such as how a form follows from the text (empty: none)")
    return _Choices(evidence or None, read_points(points, accepted), verdict, note or None)


def _prompt_for(label: str, *, default: str = "", check: "Callable[[str], object]" = str) -> str:
    def checked(given: str) -> str:
        try:
            check(given.strip())
        except ConfigurationError as error:
            raise typer.BadParameter(str(error)) from None
        return given.strip()

    return str(typer.prompt(label, default=default, show_default=bool(default), value_proc=checked, err=True))


def _append(path: Path, line: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cut = path.exists() and not path.read_bytes().endswith(b"\n") and path.stat().st_size > 0
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{chr(10) if cut else ''}{line}\n")
