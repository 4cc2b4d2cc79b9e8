"""`attest serve`."""

from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8000,
) -> None:
    """Serve the HTTP API; /docs describes it, /readyz says 200 once questions can be answered."""
    import uvicorn

    from api.app import create_app
    from rag.bootstrap import open_chatbot

    uvicorn.run(create_app(open_chatbot()), host=host, port=port, timeout_graceful_shutdown=10, server_header=False)
