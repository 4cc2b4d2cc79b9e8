import os
import subprocess
import sys

from eval.bench.memory import Memory, memory_of


def test_what_a_process_and_its_children_hold_is_added_up() -> None:
    alone = memory_of(os.getpid())
    code = "import sys; held = bytearray(b'x' * 2**26); print(1, flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        child.stdout.readline()
        together = memory_of(os.getpid())
    assert 10 < alone.own <= alone.resident
    assert together.own - alone.own > 60


def test_a_process_that_has_ended_holds_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    assert memory_of(child.pid) == Memory()


def test_the_most_is_taken_of_each() -> None:
    assert Memory(3, 1).most(Memory(2, 2)) == Memory(3, 2)
