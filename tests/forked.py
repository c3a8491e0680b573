"""Run scripts/sample.py in forks of a process that has imported everything: quick to start, and to kill.

    python -m tests.forked < commands

A command is a line of JSON, {"argv": [...], "log": path}; the answer is the fork's process id and, when it has ended,
its exit status. A fork logs every chunk that it begins to draw, and writes slowly, so that a kill may fall in between.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO
from unittest import mock

from micota.common import records
from micota.common.cli import run
from micota.sampling.engine import Completion, Decoding
from micota.sampling.transformers_engine import TransformersEngine
from scripts import sample

PAUSE = 0.003  # seconds a line


class Slow:
    """A file that takes its time."""

    def __init__(self, handle: TextIO) -> None:
        self.handle = handle

    def write(self, text: str) -> None:
        self.handle.write(text)
        self.handle.flush()
        time.sleep(PAUSE)


WHOLE, COMPLETE = records.whole, TransformersEngine._complete


@contextmanager
def slowly(path: str | Path) -> Iterator[Any]:
    with WHOLE(path) as handle:
        yield Slow(handle)


def logged(engine: TransformersEngine, prompts: list[list[int]], decoding: Decoding) -> list[Completion]:
    print(f"drawing {decoding.seed}", flush=True)
    return COMPLETE(engine, prompts, decoding)


def in_fork(argv: list[str], log: str) -> None:
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    with mock.patch.object(records, "whole", slowly), mock.patch.object(TransformersEngine, "_complete", logged):
        run(lambda _: sample.main(argv))


def main() -> None:
    import torch  # noqa: F401
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig  # noqa: F401
    from transformers.models.qwen2 import modeling_qwen2  # noqa: F401

    for line in sys.stdin:
        command = json.loads(line)
        fork = os.fork()
        if fork == 0:
            try:
                in_fork(**command)
                os._exit(0)
            except BaseException:
                import traceback

                traceback.print_exc()
                os._exit(1)
        print(fork, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(fork, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
