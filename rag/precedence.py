"""This process in, the same behind those that answer out: called before what it imports and starts, which follow it."""

import os

_NICENESS = 10


def come_second(*, leave_a_processor: bool) -> None:
    """Takes what processors others leave and, if there are several, leaves one to them where the system knows how.

    Of two processors, answers take 1.05 to 1.2 times as long while documents are embedded so; 1.25 where that has both.
    """
    os.setpriority(os.PRIO_PROCESS, 0, max(_NICENESS, os.getpriority(os.PRIO_PROCESS, 0)))
    if leave_a_processor and hasattr(os, "sched_setaffinity"):
        processors = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, processors[1:] or processors)
