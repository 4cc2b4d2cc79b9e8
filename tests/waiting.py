"""What is to become so in, a test that goes on once it is out."""

import time
from collections.abc import Callable


def wait_until(is_so: Callable[[], object], *, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.02)
