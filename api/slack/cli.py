"""`attest slack`: the bot over Socket Mode."""

import typer

app = typer.Typer()


@app.command()
def slack() -> None:
    """Answer in Slack over Socket Mode, which needs no public address; docs/slack.md sets up a workspace.

    Needs SLACK_APP_TOKEN and SLACK_BOT_TOKEN. For events over HTTP set SLACK_SIGNING_SECRET and run attest serve.
    """
    import asyncio
    import logging.config
    from contextlib import closing

    from api.logs import log_config
    from api.slack.socket import run_socket_mode
    from rag.bootstrap import open_corpora
    from rag.settings import load_slack_settings

    settings = load_slack_settings()
    logging.config.dictConfig(log_config())
    with closing(open_corpora(settings)) as corpora:
        asyncio.run(run_socket_mode(corpora, settings))
