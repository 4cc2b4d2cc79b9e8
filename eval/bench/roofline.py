"""Nothing in, how fast this machine multiplies matrices out; a text's length in, what a model multiplies to embed it.

All are counted alike, as is usual: a multiplication with its addition is two operations. Of the model its matrix
products count, not its tokeniser, softmax, normalisations and pooling. So operations a second of embedding can be held
against the machine's own best in fp32; int8 does more in one instruction and may pass it.
"""

import os
import subprocess
import sys
from time import perf_counter

import numpy as np

_LAYERS, _WIDTH, _INNER = 6, 384, 1_536  # of all-MiniLM-L6-v2
_SIDE = 2_048  # of the matrices: 17 billion operations
_ROUNDS = 12
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def machine_gflops() -> float:
    """Billions of operations a second of numpy's fp32 matrix product on all processors, the best of some rounds.

    In a process of its own: a BLAS library takes the number of its threads from the environment, once.
    """
    environment = {**os.environ, **dict.fromkeys(_THREADS, str(os.cpu_count()))}
    done = subprocess.run(
        [sys.executable, "-m", "eval.bench.roofline"], env=environment, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def embedding_operations(tokens: int) -> int:
    """What all-MiniLM-L6-v2 computes for a text of so many tokens, the two that mark its ends included."""
    projections = 4 * _WIDTH * _WIDTH + 2 * _WIDTH * _INNER
    attention = 2 * tokens * _WIDTH
    return 2 * _LAYERS * tokens * (projections + attention)


def _best() -> float:
    generator = np.random.default_rng(0)
    left, right = generator.standard_normal((2, _SIDE, _SIDE), np.float32)
    seconds = []
    for _ in range(_ROUNDS):
        started = perf_counter()
        np.matmul(left, right)
        seconds.append(perf_counter() - started)
    return 2 * _SIDE**3 / min(seconds) / 1e9


if __name__ == "__main__":
    sys.stdout.write(f"{_best()}\n")
