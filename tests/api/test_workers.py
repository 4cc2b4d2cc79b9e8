"""`attest serve --workers 2`: processes of its own on one port, each asked by a connection that it took."""

import fcntl
import json
import os
import re
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from eval.bench.fake_slack import FakeSlack
from eval.bench.slack_payloads import envelope, mention, signed
from tests.api.serving import Running, attest_serve
from tests.api.test_app import attest
from tests.api.test_documents import COMET, RED_COMET
from tests.model_server import ModelServer, Reply
from tests.waiting import wait_until

ASKED = {"question": "Which judge from France was sanctioned?"}


@dataclass(frozen=True)
class Workers:
    served: Running
    data_dir: Path

    def pids(self) -> list[int]:
        """Of those that answer, the longest living first."""
        children = Path(f"/proc/{self.served.process.pid}/task/{self.served.process.pid}/children").read_text().split()
        return [int(pid) for pid in children if "resource_tracker" not in commands([pid])]

    @contextmanager
    def only(self, pid: int) -> Iterator[httpx.Client]:
        """A client of one connection, which this worker takes, as the others stand still until it has.

        No longer: one that stands still may hold a lock that this one waits for.
        """

        def is_kept(response: httpx.Response) -> None:
            assert response.extensions["network_stream"].get_extra_info("client_addr") == address

        with httpx.Client(base_url=self.served.url, timeout=60, limits=httpx.Limits(max_connections=1)) as client:
            with standing_still([other for other in self.pids() if other != pid]):
                taken = client.get("/healthz").raise_for_status()
            address = taken.extensions["network_stream"].get_extra_info("client_addr")
            client.event_hooks = {"response": [is_kept]}
            yield client


@contextmanager
def standing_still(pids: list[int]) -> Iterator[None]:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        wait_until(lambda: all(status(pid)[0] == "T" for pid in pids))
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def status(pid: int) -> list[str]:
    """The fields of `/proc/PID/stat` from the third, the state, on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def commands(pids: list[Any]) -> str:
    return " ".join(Path(f"/proc/{pid}/cmdline").read_text() for pid in pids)


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@contextmanager
def two_workers(seeds_index: Path, folder: Path, **settings: str) -> Iterator[Workers]:
    shutil.copytree(seeds_index, folder / "data")
    with attest_serve(folder / "data", folder / "log", "--workers", "2", **settings) as served:
        workers = Workers(served, folder / "data")
        wait_until(lambda: len(workers.pids()) == 2)
        wait_until(lambda: served.log.read_text().count("Application startup complete") == 2)
        yield workers


@pytest.fixture(scope="module")
def workers(seeds_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    """Of which each test leaves two."""
    with two_workers(seeds_index, tmp_path_factory.mktemp("workers"), OPENAI_API_KEY="sk-told-to-nobody") as workers:
        yield workers


@contextmanager
def no_writing(workers: Workers) -> Iterator[None]:
    """Whoever brings the index in line waits in the block."""
    with (workers.data_dir / "writer.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def upload(client: httpx.Client, name: str, content: bytes = COMET) -> str:
    response = client.post("/v1/documents", files={"files": (name, content)})
    assert response.status_code == 202, response.text
    return str(response.headers["location"])


def reached(client: httpx.Client, job: str, *statuses: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = []

    def look() -> bool:
        found.append(client.get(job).json())
        return found[-1]["status"] in statuses

    wait_until(look)
    return found[-1]


def metric(client: httpx.Client, name: str) -> float:
    return sum(float(value) for value in re.findall(rf"(?m)^{name}(?:{{.*}})? (\S+)$", client.get("/metrics").text))


def test_what_all_workers_did_is_counted_together(workers: Workers) -> None:
    first, second = workers.pids()
    with workers.only(first) as client:
        before = metric(client, "attest_answers_total")
        assert client.post("/v1/ask", json=ASKED).json()["verdict"] == "answered"
    with workers.only(second) as client:
        assert client.post("/v1/ask", json=ASKED).json()["verdict"] == "answered"
        assert metric(client, "attest_answers_total") == before + 2


def test_the_time_of_all_workers_is_shown(workers: Workers) -> None:
    def spent(pid: int) -> float:
        fields = status(pid)
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    with httpx.Client(base_url=workers.served.url) as client:
        before = sum(map(spent, workers.pids()))
        shown = metric(client, "process_cpu_seconds_total")
        parent = spent(workers.served.process.pid)
        assert before <= shown <= sum(map(spent, workers.pids())) + parent + 1


def test_a_job_is_the_same_at_every_worker_and_all_serve_what_it_published(workers: Workers) -> None:
    first, second = workers.pids()
    with workers.only(first) as client:
        job = upload(client, "comet.md")
        done = reached(client, job, "done")
    with workers.only(second) as client:
        assert client.get(job).json() == done
        assert "green tail" in client.post("/v1/ask", json={"question": "What tail had the comet?"}).json()["text"]


def test_the_jobs_of_a_corpus_come_one_after_another_and_in_order(workers: Workers) -> None:
    first, second = workers.pids()
    with no_writing(workers):
        with workers.only(first) as client:
            earlier = upload(client, "earlier.md")
            reached(client, earlier, "running")
        with workers.only(second) as client:
            later = upload(client, "later.md", RED_COMET)
        time.sleep(2)
        with httpx.Client(base_url=workers.served.url) as client:
            assert [client.get(job).json()["status"] for job in (earlier, later)] == ["running", "queued"]
            assert not (workers.data_dir / "uploads" / "later.md").exists()
    with httpx.Client(base_url=workers.served.url) as client:
        ended = [reached(client, job, "done", "failed") for job in (earlier, later)]
    assert [job["status"] for job in ended] == ["done", "done"]
    assert ended[0]["finished_at"] <= ended[1]["finished_at"]
    assert ended[1]["report"]["added"] == ["later.md"]


def test_a_job_whose_worker_was_killed_is_taken_back_while_the_other_goes_on(workers: Workers) -> None:
    first, second = workers.pids()
    with no_writing(workers):
        with workers.only(first) as client:
            job = upload(client, "lost.md")
            reached(client, job, "running")
            assert (workers.data_dir / "uploads" / "lost.md").exists()
        os.kill(first, signal.SIGKILL)
        with httpx.Client(base_url=workers.served.url, timeout=60) as client:
            wait_until(lambda: not (workers.data_dir / "uploads" / "lost.md").exists())
            assert client.post("/v1/ask", json=ASKED).json()["verdict"] == "answered"
    with httpx.Client(base_url=workers.served.url, timeout=60) as client:
        assert "server was stopped" in reached(client, job, "done", "failed")["message"]
        assert reached(client, upload(client, "kept.md"), "done", "failed")["report"]["added"] == ["kept.md"]
    assert second in workers.pids()
    wait_until(lambda: len(workers.pids()) == 2)  # another has taken its place
    with workers.only(next(pid for pid in workers.pids() if pid != second)) as client:
        assert client.post("/v1/ask", json=ASKED).json()["verdict"] == "answered"


def test_no_key_is_in_the_arguments_of_a_process(workers: Workers) -> None:
    assert "sk-told" not in commands([workers.served.process.pid, *workers.pids()])


def test_a_caller_may_make_no_more_requests_of_two_workers_than_of_one(seeds_index: Path, tmp_path: Path) -> None:
    with two_workers(seeds_index, tmp_path, ATTEST_REQUESTS_PER_MINUTE="4") as workers:
        statuses = []
        for pid in workers.pids():
            with workers.only(pid) as client:
                statuses += [client.get("/v1/corpora").status_code for _ in range(3)]
        assert statuses == [200, 200, 200, 200, 429, 429]


def test_workers_that_are_told_to_stop_finish_their_streams(
    seeds_index: Path, tmp_path: Path, model_server: ModelServer
) -> None:
    model_server.replies = [Reply("Nicolas Guillou is a judge from France. [1]", pause_seconds=0.4)]
    model = {"ATTEST_CHAT_MODEL": "gpt-9", "OPENAI_BASE_URL": model_server.base_url, "OPENAI_API_KEY": "k"}

    def stream(client: httpx.Client) -> str:
        with client.stream("POST", "/v1/ask", json=ASKED, headers={"accept": "text/event-stream"}) as response:
            return "".join(response.iter_text())

    with two_workers(seeds_index, tmp_path, **model) as workers, ThreadPoolExecutor(2) as pool, ExitStack() as clients:
        streams = [pool.submit(stream, clients.enter_context(workers.only(pid))) for pid in workers.pids()]
        wait_until(lambda: len(model_server.requests) == 2)
        workers.served.process.send_signal(signal.SIGTERM)
        time.sleep(1)
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{workers.served.url}/healthz")
        assert all("event: answer" in one.result() for one in streams)
        assert workers.served.process.wait(timeout=30) == 0


def test_workers_do_not_outlive_the_one_that_started_them(seeds_index: Path, tmp_path: Path) -> None:
    with two_workers(seeds_index, tmp_path) as workers:
        pids, counted = workers.pids(), shared_folder(workers)
        assert counted.exists()
        workers.served.process.kill()
        wait_until(lambda: all(map(is_gone, pids)), seconds=20)
        assert not counted.exists()


def test_what_was_counted_is_cleared_away(seeds_index: Path, tmp_path: Path) -> None:
    with two_workers(seeds_index, tmp_path) as workers:
        counted = shared_folder(workers)
        assert counted.exists()
    assert not counted.exists()


def shared_folder(workers: Workers) -> Path:
    environment = Path(f"/proc/{workers.pids()[0]}/environ").read_text().split("\0")
    [folder] = [
        value for name, _, value in (one.partition("=") for one in environment) if name.startswith("PROMETHEUS")
    ]
    return Path(folder)


def test_what_is_wrong_at_the_start_is_said_once_and_as_by_one_process(tmp_path: Path) -> None:
    one, two = (
        attest(tmp_path, "serve", "--port", "0", "--workers", count, ATTEST_CHAT_MODEL="gpt-9", OPENAI_API_KEY="")
        for count in ("1", "2")
    )
    assert (one.returncode, one.stderr.count("\n")) == (2, 1)
    assert two.returncode == 2
    assert two.stderr.splitlines()[-1] == one.stderr.strip()
    assert two.stderr.count("OPENAI_API_KEY") == one.stderr.count("OPENAI_API_KEY")


def test_a_port_that_is_taken_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        one, two = (attest(tmp_path, "serve", "--port", port, "--workers", count) for count in ("1", "2"))
    assert one.returncode == two.returncode == 2
    assert one.stderr == two.stderr == f"attest: port {port} is taken; --port 0 takes a free one\n"


def test_an_address_that_is_not_this_machines_is_one_line(tmp_path: Path) -> None:
    run = attest(tmp_path, "serve", "--host", "192.0.2.1", "--open")
    assert run.returncode == 2
    assert run.stderr.startswith("attest: nothing can listen at 192.0.2.1, port 8000: ")
    assert run.stderr.count("\n") == 1


def test_workers_say_once_and_in_plain_words_where_they_answer(workers: Workers) -> None:
    assert workers.served.said.read_text() == f"Attest answers at {workers.served.url}/ (Ctrl-C stops it)\n"


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    slack = FakeSlack()
    yield slack
    slack.stop()


def test_two_workers_give_one_answer_in_slack(seeds_index: Path, tmp_path: Path, slack: FakeSlack) -> None:
    with two_workers(seeds_index, tmp_path, **slack.environment) as workers:
        asked = json.dumps(envelope(mention(ASKED["question"], ts="1.1")))
        for pid in workers.pids():
            with workers.only(pid) as client:
                assert client.post("/slack/events", content=asked, headers=signed(asked)).status_code == 200
        wait_until(lambda: any("Guillou" in message.shown for message in slack.messages.values()))
        time.sleep(3)
        assert len(slack.messages) == 1
