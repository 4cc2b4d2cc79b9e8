"""A fake Slack for each test, and an engine to answer what comes from it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from eval.bench.fake_slack import FakeSlack
from rag.settings import SlackSettings
from tests.slack.bot import Engine, make_settings


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    slack = FakeSlack(ack_seconds=60)  # how fast it is acknowledged is measured by `attest bench slack`
    yield slack
    slack.stop()


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path)


@pytest.fixture
def settings(slack: FakeSlack, tmp_path: Path) -> SlackSettings:
    return make_settings(slack, tmp_path)
