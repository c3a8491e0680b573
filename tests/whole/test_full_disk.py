"""A disk that is full in mid-run: nothing half-written stands under a result's name, and the job goes on later.

The disk is full for one process only: a limit on the size of the files it writes (RLIMIT_FSIZE), beyond which every
write fails as on a full disk, whoever runs the tests and wherever.
"""

import os
import resource
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from micota.common import cli
from micota.common.flags import as_flags
from micota.common.records import read_jsonl, write_jsonl
from scripts import merge, sample, train
from tests.tiny import PROMPT, corpus, same_weights, write_model, write_problems

RECIPE = {"epochs": 3, "learning_rate": 3e-3, "batch_size": 4, "save_steps": 2}  # 12 steps on 16 rows
ROOM_FOR_WEIGHTS_ALONE = 600_000  # bytes: weights of 0.1 M parameters fit, Adam's two moments do not
Main = Callable[[Sequence[str] | None], None]


def fill_disk(room: int) -> None:
    """From now on no file of this process can grow beyond `room` bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))


def run_in_child(main: Main, arguments: list[str], patch: Callable[[pytest.MonkeyPatch], None]) -> tuple[int, str]:
    """A script in a forked process, as the command line runs it: its exit status and what it said on stderr.

    Both streams go through pipes or to nowhere: pytest's own files would be full as well.
    """
    import torch

    torch.set_num_threads(1)  # no pool of threads, which a fork would lose
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(writing, 2)
        sys.stdout, sys.stderr = open(1, "w"), open(2, "w")  # noqa: SIM115
        try:
            patch(pytest.MonkeyPatch())
            cli.run(lambda _: main(arguments))
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), said


def one_line(said: str) -> str:
    """What a program said at last; no traceback stands before it."""
    assert "Traceback" not in said
    return said.splitlines()[-1]


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


@pytest.mark.parametrize(("share", "written"), [(0.5, 0), (1.0, 3)], ids=["a chunk", "the gathered file"])
def test_sampling_goes_on_from_the_chunks_that_found_room(
    model: Path, tmp_path: Path, share: float, written: int
) -> None:
    problems = write_problems(tmp_path / "train.jsonl", 12)
    engine = {"chunk_size": 4, "max_model_len": 512}

    def arguments(name: str) -> list[str]:
        paths = ["--work", str(tmp_path / f"{name}-work"), "--out", str(tmp_path / name / "out.jsonl")]
        flags = ["--model", str(model), "--sampler", "m", "--problems", str(problems), "--max-tokens", "8"]
        return [*flags, *as_flags(engine, "engine_"), *as_flags(PROMPT, "prompt_"), *paths]

    sample.main(arguments("unbroken"))
    largest = max(path.stat().st_size for path in (tmp_path / "unbroken-work").rglob("*.jsonl"))
    room = int(share * largest)  # the gathered file is larger than any chunk
    status, said = run_in_child(sample.main, arguments("full"), lambda _: fill_disk(room))
    assert status == 2 and "no room left on the disk" in said, said
    assert list((tmp_path / "full").glob("*")) == []
    chunks = list((tmp_path / "full-work").rglob("*.jsonl"))
    assert len(chunks) == written and all(len(list(read_jsonl(path))) == 4 for path in chunks)
    before = {path: path.stat().st_mtime_ns for path in chunks}
    sample.main(arguments("full"))
    assert {path: path.stat().st_mtime_ns for path in chunks} == before  # not drawn again
    assert (tmp_path / "full" / "out.jsonl").read_bytes() == (tmp_path / "unbroken" / "out.jsonl").read_bytes()


def full_at_step(number: int) -> Callable[[pytest.MonkeyPatch], None]:
    """The disk is full from a training step on."""

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        from trl import SFTTrainer

        step = SFTTrainer.training_step

        def filling(self: Any, *args: Any, **kwargs: Any) -> Any:
            if self.state.global_step == number - 1:
                fill_disk(ROOM_FOR_WEIGHTS_ALONE)
            return step(self, *args, **kwargs)

        monkeypatch.setattr(SFTTrainer, "training_step", filling)

    return patch


@pytest.mark.parametrize("step", [1, 5], ids=["before any checkpoint", "after two checkpoints"])
def test_training_goes_on_from_the_last_whole_checkpoint(model: Path, tmp_path: Path, step: int) -> None:
    write_jsonl(tmp_path / "corpus.jsonl", corpus(16))

    def arguments(name: str) -> list[str]:
        flags = ["--base", str(model), "--corpus", str(tmp_path / "corpus.jsonl"), *as_flags(RECIPE)]
        paths = ["--work", str(tmp_path / f"{name}-work"), "--out", str(tmp_path / name)]
        return [*flags, *as_flags(PROMPT, "prompt_"), *paths]

    status, said = run_in_child(train.main, arguments("full"), full_at_step(step))
    assert status == 2 and one_line(said).startswith("error: no room left on the disk"), said
    assert not (tmp_path / "full").exists()
    states = list((tmp_path / "full-work").glob("*/*/checkpoint-*/trainer_state.json"))
    assert [path.parent.name for path in states] == ([] if step == 1 else ["checkpoint-4"])  # it made room: 2 went
    train.main(arguments("full"))
    train.main(arguments("unbroken"))
    assert same_weights(tmp_path / "full", tmp_path / "unbroken")
    assert visible(tmp_path / "full-work") == []


def test_a_model_appears_whole_or_not_at_all(model: Path, tmp_path: Path) -> None:
    tuned = write_model(tmp_path / "tuned", seed=1)
    flags = ["--base", str(model), "--tuned", str(tuned), "--weight", "0.4", "--density", "0.5", "--seed", "0"]
    arguments = [*flags, "--out", str(tmp_path / "merged" / "m")]
    status, said = run_in_child(merge.main, arguments, lambda _: fill_disk(100_000))
    assert status == 2 and one_line(said).startswith("error: no room left on the disk"), said
    assert visible(tmp_path / "merged") == []
    merge.main(arguments)
    assert visible(tmp_path / "merged") == ["m"]


def test_other_faults_of_files_are_not_taken_for_a_full_disk(tmp_path: Path) -> None:
    def main(_: Sequence[str] | None) -> None:
        (tmp_path / "nothing" / "there").read_text()

    with pytest.raises(FileNotFoundError):
        cli.run(main)
