"""`attest serve`, `attest slack`, `attest feedback export` and `attest keys create | list | revoke`."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from api.feedback_cli import app as feedback_app
from api.slack.cli import app as slack_app
from rag.console import AsJson, complain, print_json
from rag.corpora import corpus_folder
from rag.errors import ConfigurationError

if TYPE_CHECKING:
    from api.keys import Key, KeyStore

app = typer.Typer()
keys_app = typer.Typer(help="Make, show and revoke the keys of the server.", no_args_is_help=True)
app.add_typer(keys_app, name="keys")
app.add_typer(slack_app)
app.add_typer(feedback_app, name="feedback")


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8000,
    to_all: Annotated[
        bool, typer.Option("--open", help="Let whoever reaches the address in, as long as there is no key.")
    ] = False,
    workers: Annotated[int, typer.Option(min=1, help="How many processes answer behind the port.")] = 1,
    watch: Annotated[
        list[str] | None,
        typer.Option(metavar="[NAME=]PATH", help="A folder that the index, of corpus NAME, follows; may be repeated."),
    ] = None,
) -> None:
    """Serve the page and the HTTP API; /openapi.json describes it, /readyz says 200 once it can answer.

    Without keys it listens on this machine only. Logs go to stderr, a line of JSON each.
    """
    from api.browsers import is_loopback
    from api.server import Serving, run
    from api.watched import parse_watched
    from rag.settings import load_settings

    data_dir = load_settings().data_dir
    for_all = not is_loopback(host)
    if for_all and not to_all and not any(key.revoked_at is None for key in _keys().all()):
        raise ConfigurationError(
            f"{host} can be reached from other machines, and there is no key. Run: attest keys create --name NAME, "
            "or add --open to let everybody in"
        )
    watched = [parse_watched(one, data_dir=data_dir) for one in watch or []]
    run(Serving(keys_required=for_all and not to_all, watched=watched, workers=workers), host=host, port=port)


@keys_app.command()
def create(
    name: Annotated[str, typer.Option(help="Whose or what for it is; only you see it.")],
    corpus: Annotated[list[str] | None, typer.Option(help="A corpus that it opens; may be repeated. [all]")] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="It cannot change documents.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a key. It is shown this once: only a hash of it is kept."""
    from rag.settings import load_settings

    data_dir = load_settings().data_dir
    folders = {one: corpus_folder(data_dir, one) for one in corpus or []}
    key, text = _keys().create(name=name, corpora=corpus or None, read_only=read_only)
    for missing in (one for one, folder in folders.items() if not folder.is_dir()):
        complain(f"There is no corpus {missing!r} yet; to make it: attest ingest PATH --corpus {missing}")
    if as_json:
        print_json({**asdict(key), "key": text})
        return
    typer.echo(text)
    complain(f"Keep it: it is not shown again. To revoke it: attest keys revoke {key.key_id}")


@keys_app.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """Show all keys, without their secrets."""
    from rag.terminal import printable

    keys = _keys().all()
    if as_json:
        print_json([asdict(key) for key in keys])
        return
    for key in keys:
        typer.echo(printable(f"{key.key_id}  {key.created_at}  {key.name}: {_described(key)}"))


@keys_app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `attest keys list` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Make a key useless, at once, on running servers too."""
    key = _keys().revoke(key_id)
    print_json(asdict(key)) if as_json else typer.echo(f"{key.key_id} is revoked")


def _keys() -> "KeyStore":
    from api.keys import KEYS, KeyStore
    from rag.settings import load_settings

    return KeyStore(load_settings().data_dir / KEYS)


def _described(key: "Key") -> str:
    if key.revoked_at is not None:
        return f"revoked {key.revoked_at}"
    may = "reads" if key.read_only else "reads and writes"
    return f"{may} {', '.join(key.corpora) if key.corpora else 'all corpora'}"
