"""What `attest eval run` was asked for in, finished runs out: each configuration's corpus, index, target and place."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eval.cases import GoldCase, load_cases
from eval.compare import SplitChoice
from eval.configurations import Configuration, load_configurations
from eval.corpora import DEFAULT_CORPUS, indexed, read_corpus
from eval.results import CorpusDocument, Run
from eval.runner import Place, choose_cases, describe_run, find_place, hash_of, run_cases
from eval.targets import AnswersTarget, Target, open_engine_target
from rag.errors import ConfigurationError
from rag.progress import Bars, silent

if TYPE_CHECKING:
    from eval.scorers.cost import Estimate

DEFAULT_SET = Path(__file__).parent / "gold" / "seeds.jsonl"
_INSTRUCTION_TOKENS = 500  # what a prompt tells a model beside its passages


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to run. `endpoint` and `answers` stand in for the engine; at most one of them."""

    cases_path: Path = DEFAULT_SET
    corpus: Path = DEFAULT_CORPUS
    configs: Sequence[Path] = ()
    endpoint: str | None = None
    answers: Path | None = None
    out: Path | None = None
    split: SplitChoice = "all"
    limit: int | None = None
    resume: bool = False


@dataclass(frozen=True, slots=True)
class Finished:
    cases: Sequence[GoldCase]
    run: Run


def execute(
    order: Order, *, bars: Bars = silent, tell: Callable[[str], None] = lambda line: None
) -> Iterator[Finished]:
    """The runs, each as soon as it is done; `tell` hears what a person should know meanwhile.

    Raises:
        ConfigurationError: something asked for does not exist or does not go together.
    """
    configurations = _configurations(order)
    cases = chosen_cases(order)
    corpus = read_corpus(order.corpus)
    for configuration in configurations:
        with _open_target(order, configuration, corpus, bars, tell) as target:
            info = describe_run(configuration.name, target, cases_path=order.cases_path, corpus=corpus)
            place = find_place(info, out=_out(order, configuration, configurations), resume=order.resume)
            tell(_announced(place))
            run = run_cases(
                cases, target, info=info, corpus=corpus, place=place, progress=bars(f"Asking {configuration.name}")
            )
        yield Finished(cases, run)


def estimates(order: Order) -> dict[str, "Estimate"]:
    """Per configuration, what a run would take; nothing is asked or indexed."""
    from eval.scorers.cost import Estimate, estimate

    cases = chosen_cases(order)
    found = {}
    for configuration in _configurations(order):
        settings = configuration.settings
        each = settings.passages * settings.chunk_tokens + _INSTRUCTION_TOKENS
        if order.answers is not None:
            found[configuration.name] = Estimate(0, 0, 0, 0.0, "the answers are there already")
        else:
            extractive = settings.chat_model == "extractive"
            model = "the endpoint's model" if order.endpoint and extractive else settings.chat_model
            found[configuration.name] = estimate(cases, model, each)
    return found


def cases_of(runs: Sequence[Run], *, cases_path: Path | None, tell: Callable[[str], None]) -> list[GoldCase]:
    """The set that stored runs are to be scored by: the one named, else the one they were made with, wherever it is.

    Raises:
        ConfigurationError: it is not there, or the runs were made with different ones and none is named.
    """
    if cases_path is None:
        paths = {run.info.cases_path for run in runs}
        if len(paths) > 1:
            raise ConfigurationError(
                f"The runs are of different sets ({', '.join(sorted(paths))}); name one with --set."
            )
        recorded = Path(paths.pop())
        shipped = recorded.parts[-3:] == ("eval", "gold", DEFAULT_SET.name)
        cases_path = DEFAULT_SET if shipped else recorded
    cases = load_cases(cases_path)
    asked = hash_of(cases_path)
    for run in runs:
        if run.info.cases_hash != asked:
            tell(f"{run.folder} was made with another version of {cases_path}; it is scored by the present one")
    return cases


def chosen_cases(order: Order) -> list[GoldCase]:
    return choose_cases(load_cases(order.cases_path), split=order.split, limit=order.limit)


def _configurations(order: Order) -> list[Configuration]:
    if order.endpoint and order.answers:
        raise ConfigurationError("--endpoint and --answers are two answerers; give one of them.")
    if (order.endpoint or order.answers) and order.configs:
        raise ConfigurationError("--config sets up our own engine; leave it out with --endpoint or --answers.")
    configurations = load_configurations(order.configs)
    if order.endpoint or order.answers:
        (own,) = configurations
        return [Configuration(order.answers.stem if order.answers else "endpoint", own.settings)]
    return configurations


def _out(order: Order, configuration: Configuration, configurations: Sequence[Configuration]) -> Path | None:
    if order.out is None or len(configurations) == 1:
        return order.out
    return order.out / configuration.name


@contextmanager
def _open_target(
    order: Order,
    configuration: Configuration,
    corpus: Sequence[CorpusDocument],
    bars: Bars,
    tell: Callable[[str], None],
) -> Iterator[Target]:
    settings = configuration.settings
    by_source = {document.source: document for document in corpus}
    if order.answers is not None:
        yield AnswersTarget(order.answers, corpus=by_source)
    elif order.endpoint is not None:
        from eval.endpoint import EndpointTarget

        with EndpointTarget(order.endpoint, corpus=by_source, settings=settings) as endpoint:
            yield endpoint
    else:
        data_dir, unread = indexed(
            order.corpus, settings.data_dir / "eval" / "indexes", settings=settings, progress=bars("Indexing")
        )
        for source, problem in unread.items():
            tell(f"{source}: {problem}")
        with open_engine_target(data_dir, configuration=configuration) as engine:
            yield engine


def _announced(place: Place) -> str:
    return f"{'continuing' if place.resumed else 'writing'} {place.folder}"
