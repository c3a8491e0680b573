"""A sampling job may be killed at any moment: started again, it draws what is missing and nothing twice."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from micota.common.contracts import TRACE
from micota.common.errors import UserError
from micota.common.records import Record, read_json, read_jsonl, write_json
from micota.models.prompts import Prompt, rendering
from micota.models.tokenizer import load_tokenizer
from micota.sampling import sample
from micota.sampling.engine import Completion, Decoding, EngineSettings, Request, Task
from micota.sampling.sample import Sampler, cut_up
from micota.sampling.shards import in_turn
from micota.study.load import load_study
from scripts import grade
from scripts import sample as script
from tests.tiny import PROMPT, raw_config, write_model, write_problems

SETTINGS: dict[str, Any] = {"name": "transformers", "chunk_size": 4, "max_model_len": 512}
TASK: dict[str, Any] = {
    "prompt": PROMPT,
    "temperature": 1.0,
    "top_p": 1.0,
    "n": 1,
    "max_tokens": 8,
    "stop": [],
    "seed": 0,
}
CHUNKS = 3 + 4  # 10 training problems, 7 test problems with 2 samples each, 4 a chunk


class Killed(BaseException):
    """Stands for a kill: nothing catches it."""


@dataclass
class FakeEngine:
    """A deterministic engine: what it writes depends on prompt, place in the batch and seed; it may die."""

    dies_after: int | None = None
    drawn: Counter[tuple[int, ...]] = field(default_factory=Counter)
    calls: int = 0
    starts: int = 0

    def generate(self, requests: Sequence[Request]) -> Iterator[tuple[int, list[Completion]]]:
        for number, request in enumerate(requests):
            if self.calls == self.dies_after:
                raise Killed
            self.calls += 1
            self.drawn.update(map(tuple, request.prompts))
            yield number, self.complete(request)

    def complete(self, request: Request) -> list[Completion]:
        seed = request.decoding.seed
        return [Completion(f"{sum(p)}/{i}/{seed}", 5, "stop", seed=seed) for i, p in enumerate(request.prompts)]


@pytest.fixture
def job(tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> "Job":
    write_problems(tmp_path / "train.jsonl", 10)
    write_problems(tmp_path / "test.jsonl", 7, "test")
    tasks = [TASK | {"dataset": "train", "problems": str(tmp_path / "train.jsonl")}]
    tasks.append(TASK | {"dataset": "test", "problems": str(tmp_path / "test.jsonl"), "n": 2, "seed": 5})
    return Job(tmp_path, model, tasks, dict(SETTINGS), monkeypatch)


def task_of(block: dict[str, Any]) -> Task:
    """A task from its decoding and the rest in one block."""
    decoding = Decoding(**{name: value for name, value in block.items() if name in Decoding.model_fields})
    return Task(decoding=decoding, **{name: value for name, value in block.items() if name in Task.model_fields})


@dataclass
class Job:
    """scripts/sample.py with a fake engine."""

    folder: Path
    model: Path
    tasks: list[dict[str, Any]]
    settings: dict[str, Any]
    monkeypatch: pytest.MonkeyPatch

    def run(self, engine: FakeEngine, out: str, work: str, shard: int = 0, shards: int = 1, name: str = "m") -> bytes:
        def start(*_: Any) -> FakeEngine:
            engine.starts += 1
            return engine

        self.monkeypatch.setattr("micota.sampling.start.start_engine", start)
        tasks = [task_of(block) for block in self.tasks]
        self.monkeypatch.setattr(script, "asked", lambda args: (tasks, EngineSettings(**self.settings), shards))
        arguments = ["--model", str(self.model), "--sampler", name, "--problems", "-", "--shard", str(shard)]
        arguments += ["--work", str(self.folder / work), "--meta", str(self.folder / out) + ".meta"]
        script.main([*arguments, "--out", str(self.folder / out)])
        return (self.folder / out).read_bytes()

    def traces(self, out: str) -> list[Record]:
        return list(read_jsonl(self.folder / out, TRACE))


def test_every_completion_is_there_once_in_order(job: Job) -> None:
    engine = FakeEngine()
    job.run(engine, "out.jsonl", "work")
    found = [(row["dataset"], row["id"], row["sample"]) for row in job.traces("out.jsonl")]
    expected = [("train", f"train/{i}", 0) for i in range(10)]
    expected += [("test", f"test/{i}", sample) for i in range(7) for sample in (0, 1)]
    assert found == expected
    assert (engine.starts, engine.calls) == (1, CHUNKS)
    row = job.traces("out.jsonl")[0]
    assert row["prompt"] == "<|im_start|>user\n0+1<|im_end|>\n<|im_start|>assistant\n"
    assert (row["sampler"], row["finish_reason"], row["n_tokens"]) == ("m", "stop", 5)
    assert row["completion"].endswith(f"/{row['seed']}")


@pytest.mark.parametrize("deaths", [[k] for k in range(CHUNKS)] + [[0, 0, 1], [2, 3, 1], [1] * CHUNKS])
def test_a_killed_job_goes_on_after_its_last_chunk(job: Job, deaths: list[int]) -> None:
    whole = FakeEngine()
    unbroken = job.run(whole, "unbroken.jsonl", "other")
    drawn: Counter[tuple[int, ...]] = Counter()
    for chunks in deaths:
        engine = FakeEngine(dies_after=chunks)
        try:
            job.run(engine, "out.jsonl", "work")
        except Killed:
            assert not (job.folder / "out.jsonl").exists()
        drawn += engine.drawn
    last = FakeEngine()
    assert job.run(last, "out.jsonl", "work") == unbroken
    assert drawn + last.drawn == whole.drawn


def test_a_finished_job_starts_no_engine(job: Job) -> None:
    first = job.run(FakeEngine(), "out.jsonl", "work")
    again = FakeEngine()
    assert job.run(again, "out.jsonl", "work") == first
    assert again.starts == 0


def test_a_chunk_half_written_is_drawn_again(job: Job) -> None:
    first = job.run(FakeEngine(), "out.jsonl", "work")
    chunks = sorted((job.folder / "work").rglob("*.jsonl"))
    assert len(chunks) == CHUNKS
    chunks[0].rename(chunks[0].with_name(f".{chunks[0].name}.1.tmp"))  # what a kill leaves behind
    again = FakeEngine()
    assert job.run(again, "out.jsonl", "work") == first
    assert again.calls == 1


@pytest.mark.parametrize(
    ("change", "redrawn"),
    [
        ({"settings": {"dtype": "bfloat16"}}, CHUNKS),
        ({"settings": {"max_model_len": 256}}, CHUNKS),
        ({"settings": {"chunk_size": 5}}, 2 + 3),
        ({"task": {"temperature": 0.5}}, 3),
        ({"task": {"top_p": 0.9}}, 3),
        ({"task": {"max_tokens": 9}}, 3),
        ({"task": {"stop": ["Q:"]}}, 3),
        ({"task": {"seed": 1}}, 3),
        ({"task": {"prompt": {"user": "{problem} "}}}, 3),
        ({"task": {"prompt": PROMPT | {"system": "Hi"}}}, 3),
        ({"task": {"n": 2}}, 5),
        ({"problem": "another"}, 1),
        ({"name": "m2"}, CHUNKS),
        ({"weights": True}, CHUNKS),
        ({"end token": True}, CHUNKS),
    ],
    ids=str,
)
def test_what_shapes_a_completion_never_meets_old_chunks(job: Job, change: dict[str, Any], redrawn: int) -> None:
    job.run(FakeEngine(), "old.jsonl", "work")
    job.settings |= change.get("settings", {})
    job.tasks[0] |= change.get("task", {})
    if "problem" in change:
        path = job.folder / "train.jsonl"
        path.write_text(path.read_text(encoding="utf-8").replace('"9+10', f'"{change["problem"]}'), encoding="utf-8")
    if "weights" in change:
        job.model = write_model(job.folder / "retrained", seed=1)
    if "end token" in change:
        job.model = write_model(job.folder / "ends", end="6")  # in generation_config.json alone
    engine = FakeEngine()
    fresh = FakeEngine()
    name = change.get("name", "m")
    assert job.run(engine, "new.jsonl", "work", name=name) == job.run(fresh, "fresh.jsonl", "empty", name=name)
    assert engine.calls == redrawn


@pytest.mark.parametrize(
    "change",
    [
        {"data_parallel": 2},
        {"gpu_memory_utilization": 0.5},
        {"max_num_seqs": 8},
        {"batch_size": 2},
        {"tensor_parallel": 2},
        {"enforce_eager": True},
        {"attention": "eager"},
    ],
    ids=str,
)
def test_how_a_job_is_run_shapes_nothing(job: Job, change: dict[str, Any]) -> None:
    first = job.run(FakeEngine(), "out.jsonl", "work")
    job.settings |= change
    engine = FakeEngine()
    assert job.run(engine, "out.jsonl", "work") == first and engine.starts == 0


def test_what_moves_last_digits_is_recorded_and_told(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    """A job that ran out of memory half way goes on with other settings; its traces say both."""
    job.settings |= {"batch_size": 8}
    with pytest.raises(Killed):
        job.run(FakeEngine(dies_after=2), "out.jsonl", "work")
    job.settings |= {"batch_size": 2, "gpu_memory_utilization": 0.5}
    job.run(FakeEngine(), "out.jsonl", "work")
    made = read_json(job.folder / "out.jsonl.meta")["made_with"]
    assert [entry["batch_size"] for entry in made] == [8, 2] and "gpu_memory_utilization" not in made[0]
    assert "m: chunks made with batch_size 8, asked for 2: kept" in capsys.readouterr().out


def test_what_is_asked_for_is_the_studys_and_flags_go_over_it(job: Job) -> None:
    names = ["train", "validation", "two_steps", "four_steps", "six_steps"]
    files = [str(job.folder / f"{name}.jsonl") for name in names]
    given = ["--sampler", "medium", "--model", "m", "--work", "w", "--out", "o", "--study", "config/mini.yaml"]
    tasks, engine, shards = script.asked(script.parse_args([*given, "--problems", *files]))
    assert [task.dataset for task in tasks] == names[1:] and tasks[0].problems == files[1]
    study = load_study(raw_config("mini"))
    assert (engine, shards) == (study.config.sampling.engine, study.config.sampling.shards)
    over = ["--engine-gpu-memory-utilization", "0.5", "--max-tokens", "9", "--shards", "3"]
    tasks, other, shards = script.asked(script.parse_args([*given, *over, "--problems", *files]))
    assert other == engine.but(gpu_memory_utilization=0.5) and shards == 3
    assert {task.decoding.max_tokens for task in tasks} == {9}
    with pytest.raises(UserError, match=r"--problems: medium samples six_steps too"):
        script.asked(script.parse_args([*given, "--problems", *files[:-1]]))
    with pytest.raises(UserError, match=r"--sampler: there is no 'smal'"):
        script.asked(script.parse_args([*given, "--problems", *files, "--sampler", "smal"]))


def test_without_a_study_flags_are_all_there_is(job: Job) -> None:
    given = ["--sampler", "m", "--model", "m", "--work", "w", "--out", "o", "--problems", "a/easy.jsonl"]
    tasks, engine, _ = script.asked(script.parse_args([*given, "--prompt-user", "{problem}", "--max-tokens", "9"]))
    assert tasks == [task_of({"dataset": "easy", "problems": "a/easy.jsonl", "prompt": PROMPT, "max_tokens": 9})]
    assert engine == EngineSettings()
    with pytest.raises(UserError, match="--prompt-user: Field required"):
        script.asked(script.parse_args(given))


def test_a_copied_model_meets_its_old_chunks(job: Job) -> None:
    """The key knows what the files hold, not where they lie or when they were written."""
    first = job.run(FakeEngine(), "out.jsonl", "work")
    job.model = write_model(job.folder / "elsewhere")
    engine = FakeEngine()
    assert job.run(engine, "out.jsonl", "work") == first
    assert engine.calls == 0


@pytest.mark.parametrize("shards", [2, 3, 20])
def test_shards_part_the_problems_among_them(job: Job, shards: int) -> None:
    job.run(FakeEngine(), "whole.jsonl", "work")
    parts = []
    for shard in range(shards):
        job.run(FakeEngine(), f"{shard}.jsonl", "work", shard, shards)
        parts.append({(row["id"], row["sample"]) for row in job.traces(f"{shard}.jsonl")})
    together = [key for part in parts for key in part]
    assert len(together) == len(set(together)) == 24
    assert set(together) == {(row["id"], row["sample"]) for row in job.traces("whole.jsonl")}
    problems = [len({id for id, _ in part}) for part in parts]
    assert max(problems) - min(problems) <= 2  # even, within one per data set


def test_shards_at_work_at_once_share_no_file(job: Job) -> None:
    for shard in range(3):
        job.run(FakeEngine(), f"{shard}.jsonl", "work", shard, 3)
    folders = {path.parent.name for path in (job.folder / "work").rglob("*.jsonl")}
    assert folders == {"0-of-3", "1-of-3", "2-of-3"}


class Solver(FakeEngine):
    """Writes what depends on the prompt alone, as a deterministic engine does at temperature 0."""

    def complete(self, request: Request) -> list[Completion]:
        return [Completion(f"\\boxed{{{sum(prompt) % 2}}}", 5, "stop") for prompt in request.prompts]


@pytest.mark.parametrize("shards", [2, 4, 20])
def test_graded_shards_are_in_the_order_of_a_job_without_shards(job: Job, shards: int) -> None:
    """Else the number of shards would decide in which order a student reads its corpus."""
    graded = []
    for number in (1, shards):
        files = [f"{number}/{shard}.jsonl" for shard in range(number)]
        for shard, file in enumerate(files):
            job.run(Solver(), file, f"work-{number}", shard, number)
        arguments = ["--problems", str(job.folder / "train.jsonl"), str(job.folder / "test.jsonl")]
        arguments += ["--traces", *(str(job.folder / file) for file in files)]
        grade.main([*arguments, "--graded", str(job.folder / f"{number}.jsonl")])
        graded.append((job.folder / f"{number}.jsonl").read_bytes())
    assert graded[0] == graded[1]
    assert graded[0].count(b"\n") == 24


def test_files_that_are_no_shards_lose_nothing_and_one_file_keeps_its_order() -> None:
    first = [{"id": str(number), "dataset": dataset} for dataset in "xyx" for number in (3, 3, 1)]
    second = [{"id": "7"}, {"id": "3", "dataset": "y"}, {"id": "8"}]
    assert list(in_turn([iter(first)])) == first
    together = list(in_turn([iter(first), iter(second), iter([])]))
    assert Counter(map(str, together)) == Counter(map(str, first + second))


def test_a_completions_own_seed_depends_on_nothing_around_it(job: Job) -> None:
    """The engine that seeds each completion draws the same whatever the chunks and the number of shards."""

    def seeds(chunk_size: int, shards: int, task_seed: int = 0, dataset: str = "test") -> dict[tuple[str, int], int]:
        found: dict[tuple[str, int], int] = {}
        raw = job.tasks[1] | {"seed": task_seed, "dataset": dataset}
        settings = EngineSettings(chunk_size=chunk_size, max_model_len=512)
        sampler = Sampler("m", job.model, load_tokenizer(job.model), settings, FakeEngine)
        for shard in range(shards):
            for chunk in cut_up([task_of(raw)], sampler, shard, shards, Path()):
                made = sample.request(chunk)
                found |= {(item.id, item.sample): seed for item, seed in zip(chunk.items, made.seeds, strict=True)}
        return found

    plain = seeds(4, 1)
    assert seeds(3, 2) == plain
    assert len(set(plain.values())) == 14
    assert not set(seeds(4, 1, task_seed=1).values()) & set(plain.values())
    assert not set(seeds(4, 1, dataset="test@2").values()) & set(plain.values())


def test_a_chunk_that_lost_rows_is_an_error_that_names_it(job: Job) -> None:
    job.run(FakeEngine(), "out.jsonl", "work")
    chunk = sorted((job.folder / "work").rglob("*.jsonl"))[0]
    chunk.write_bytes(b"")  # what a machine may find after it lost power
    with pytest.raises(UserError, match=rf"{chunk.name}: the file is empty; remove it"):
        job.run(FakeEngine(), "out2.jsonl", "work")
    assert not (job.folder / "out2.jsonl").exists()


def test_no_folder_gets_more_files_than_file_systems_like(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("micota.sampling.sample.MOST_CHUNKS", CHUNKS - 1)
    engine = FakeEngine()
    with pytest.raises(UserError, match=r"shard 0 of 1 has 7 chunks.*raise sampling\.shards"):
        job.run(engine, "out.jsonl", "work")
    assert engine.starts == 0


def test_a_prompt_that_leaves_no_room_is_an_error_that_names_it(job: Job) -> None:
    job.settings["max_model_len"] = 30
    engine = FakeEngine()
    with pytest.raises(UserError, match=r"train\.jsonl: the prompt of train/\d has \d+ tokens.*max_model_len 30"):
        job.run(engine, "out.jsonl", "work")
    assert engine.starts == 0
    assert not (job.folder / "out.jsonl").exists()


def test_the_file_beside_the_traces_says_how_they_were_made(job: Job) -> None:
    job.tasks[1]["deviation"] = "D-1"
    job.run(FakeEngine(), "out.jsonl", "work")
    meta = read_json(job.folder / "out.jsonl.meta")
    assert meta["sampler"] == "m" and meta["engine"]["chunk_size"] == 4
    assert list(meta["datasets"]) == ["train", "test"]
    test = meta["datasets"]["test"]
    assert test["rendering"] == rendering(load_tokenizer(job.model), Prompt(**PROMPT))
    assert test["deviation"] == "D-1" and (test["decoding"]["n"], test["decoding"]["max_tokens"]) == (2, 8)


def test_a_tuned_model_under_an_undeclared_prompt_is_never_sampled(job: Job) -> None:
    job.model = write_model(job.folder / "tuned")
    write_json(job.model / "micota.json", {"kind": "tuned", "prompt": PROMPT | {"system": "Hi"}})
    engine = FakeEngine()
    with pytest.raises(UserError, match=r"tuned, data set train: the prompt differs.*token \d+ is .*in training"):
        job.run(engine, "out.jsonl", "work")
    job.tasks[0]["deviation"] = "D-1"
    with pytest.raises(UserError, match="data set test: the prompt differs"):
        job.run(engine, "out.jsonl", "work")
    assert engine.starts == 0 and not (job.folder / "out.jsonl").exists()
    job.tasks[1]["deviation"] = "D-1"
    job.run(engine, "out.jsonl", "work")
    assert engine.starts == 1


def test_a_trace_says_which_stop_string_ended_it(job: Job) -> None:
    """Where there are none, the records and the chunks' names are as they were."""
    job.tasks[1]["stop"] = ["Q:"]

    class Stopping(FakeEngine):
        def complete(self, request: Request) -> list[Completion]:
            return [Completion("", 5, "stop", "Q:" if n % 2 else None) for n in range(len(request.prompts))]

    job.run(Stopping(), "out.jsonl", "work")
    rows = job.traces("out.jsonl")
    assert not any("stop_string" in row for row in rows if row["dataset"] == "train")
    assert {row["stop_string"] for row in rows if row["dataset"] == "test"} == {None, "Q:"}
