"""A study killed again and again until it is done: are its tables those of an undisturbed run, byte for byte?

    python -m benchmarks.kills --count 100 --configfile config/smoke.yaml --data ../shared/data --folder results/kills

Each round starts Snakemake and, at random moments until that ends, sends a random signal (SIGINT, SIGTERM, SIGKILL) to
a random target: Snakemake alone, its whole process group, one of its workers, or, with `--engine vllm`, vLLM's engine
process, also while it is loading. When the study is done its tables are compared, and it begins again, until `--count`
kills have been made. Orphans are processes of a round that live a minute after its Snakemake has ended; leftovers,
temporary files that lie among the results of a finished study.

Resumable: each kill is a line of `{folder}/kills.jsonl`, and what stands there is not done again.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

from micota.common.cli import run
from micota.common.errors import DataError
from micota.common.records import Record, read_jsonl

PROJECT = Path(__file__).resolve().parents[1]
PARTS = ("Snakefile", "rules", "scripts", "micota", "config", "profiles", "envs", "report", "reference")
SIGNALS = ("SIGINT", "SIGTERM", "SIGKILL")
PATIENCE = 60.0  # seconds for what belongs to a killed Snakemake to end


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100, help="kills")
    parser.add_argument("--folder", type=Path, required=True, help="to work in; an earlier call is gone on with")
    parser.add_argument("--configfile", type=Path, nargs="+", default=[PROJECT / "config/smoke.yaml"])
    parser.add_argument("--data", type=Path, help="folder of the data sets' local copies")
    parser.add_argument("--engine", choices=("transformers", "vllm"), default="transformers")
    parser.add_argument("--longest", type=float, default=25.0, help="seconds before a kill, at most")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0, help="of moments, signals and targets")
    return parser.parse_args(argv)


class Study:
    """The study in a copy of the project."""

    def __init__(self, folder: Path, args: argparse.Namespace) -> None:
        self.folder = folder
        if not folder.exists():
            for part in PARTS:
                source, place = PROJECT / part, folder / part
                if source.is_dir():
                    shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    place.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(source, place)
        files = [str(path.resolve()) for path in args.configfile]
        settings = [f"data_folder={args.data.resolve()}"] if args.data else []
        if args.engine == "vllm":
            settings.append("sampling={engine: {name: vllm}}")
        self.command = [sys.executable, "-m", "snakemake", "--cores", str(args.cores), "--configfile", *files]
        self.command += ["--config", *settings] if settings else []

    def start(self) -> "subprocess.Popen[bytes]":
        environment = os.environ | {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}
        log = (self.folder / "run.log").open("ab")
        return subprocess.Popen(
            self.command, cwd=self.folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )

    def tables(self) -> dict[str, bytes]:
        found = [path for path in self.folder.glob("results/*/tables/*") if not path.name.startswith(".")]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in found}

    def leftovers(self) -> list[str]:
        """Temporary files among the results; the work folder, which belongs to no result, aside."""
        names = [path for path in self.folder.glob("results/*/**/.*") if path.name.endswith(".tmp")]
        return [str(path.relative_to(self.folder)) for path in names if "work" not in path.parts]

    def clear(self) -> None:
        for part in ("results", "figures", ".snakemake"):
            shutil.rmtree(self.folder / part, ignore_errors=True)


def family(process: int) -> list[psutil.Process]:
    """A process and all below it that live."""
    try:
        head = psutil.Process(process)
        return [head, *head.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def command_of(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def strike(running: "subprocess.Popen[bytes]", chance: random.Random) -> Record:
    """Send a random signal to a random target; what was hit."""
    members = family(running.pid)
    jobs = [member for member in members[1:] if " -m scripts." in command_of(member)]
    workers = [job for job in jobs if not command_of(job).startswith("/usr/bin/bash")]  # a shell waits for its program
    engines = [member for member in members[1:] if "EngineCore" in command_of(member) or "VLLM" in command_of(member)]
    targets = ["snakemake", "group", *(["worker"] if workers else []), *(["engine"] * 3 if engines else [])]
    target, name = chance.choice(targets), chance.choice(SIGNALS)
    number = signal.Signals[name]
    hit = command_of(members[0])[:80]
    try:
        if target == "group":
            os.killpg(running.pid, number)
        elif target == "snakemake":
            running.send_signal(number)
        else:
            chosen = chance.choice(workers if target == "worker" else engines)
            hit = command_of(chosen)
            chosen.send_signal(number)
    except (ProcessLookupError, psutil.NoSuchProcess):
        target = "nothing, it had just ended"
    return {"target": target, "signal": name, "hit": hit[-120:], "members": members}


def disturb(study: Study, chance: random.Random, args: argparse.Namespace, most: int) -> Iterator[Record]:
    """Start the study and strike it at random moments, `most` times at most, until it ends; each kill, then the end."""
    running = study.start()
    members: dict[int, psutil.Process] = {}
    for _ in range(most):
        began, wait = time.monotonic(), chance.uniform(0.2, args.longest)
        while running.poll() is None and time.monotonic() - began < wait:
            time.sleep(0.05)
        if running.poll() is not None:
            break
        struck = strike(running, chance)
        members |= {member.pid: member for member in struck.pop("members")}
        yield {"after": round(wait, 2), **struck}
    try:
        running.wait(timeout=PATIENCE * 20)  # of a worker that is killed Snakemake lets the other jobs end first
        hung = False
    except subprocess.TimeoutExpired:
        hung = True
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    until = time.monotonic() + PATIENCE
    while any(map(alive, members.values())) and time.monotonic() < until:
        time.sleep(0.1)
    orphans = [member for member in members.values() if alive(member)]
    yield {"ended": running.returncode, "orphans": [command_of(one)[-120:] for one in orphans], "hung": hung}
    for one in orphans:
        one.kill()


def finish(study: Study) -> None:
    """Let the study come to its end."""
    if (status := study.start().wait()) != 0:
        raise DataError(f"{study.folder}/run.log: the study did not come to its end (status {status})")


def compared(study: Study, reference: dict[str, bytes]) -> Record:
    """What differs from the undisturbed run, and what lies about."""
    found = study.tables()
    differing = sorted(name for name in found.keys() | reference.keys() if found.get(name) != reference.get(name))
    return {"finished": True, "tables": len(found), "differing": differing, "leftovers": study.leftovers()}


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    # A program that a shell starts in the background ignores SIGINT, and so would all that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    whole, killed = Study(args.folder / "undisturbed", args), Study(args.folder / "killed", args)
    if not whole.tables():
        finish(whole)
    reference = whole.tables()
    path = args.folder / "kills.jsonl"
    done: list[Record] = list(read_jsonl(path)) if path.is_file() else []
    with path.open("a", encoding="utf-8") as handle:

        def note(entry: dict[str, Any]) -> None:
            done.append(entry)
            handle.write(json.dumps(entry) + "\n")
            handle.flush()
            print(json.dumps(entry), flush=True)

        while (kills := sum("after" in entry for entry in done)) < args.count:
            chance = random.Random(f"{args.seed}/{kills}/{len(done)}")
            for entry in disturb(killed, chance, args, args.count - kills):
                note(entry)
            if done[-1].get("ended") == 0:
                note(compared(killed, reference))
                killed.clear()
        if "finished" not in done[-1]:
            finish(killed)
            note(compared(killed, reference))
    report(done)


def report(done: list[Record]) -> None:
    """Print how the kills fell and what came of them; exit status 1 where something was not as it must be."""
    kills, ends = [entry for entry in done if "after" in entry], [entry for entry in done if "finished" in entry]
    for (target, name), count in sorted(Counter((k.get("target"), k.get("signal")) for k in kills).items(), key=str):
        print(f"{count:4} {name} to {target}")
    orphans = sum(len(entry.get("orphans", ())) for entry in done)
    hung = sum(entry.get("hung", False) for entry in done)
    differing = sum(len(entry["differing"]) for entry in ends)
    leftovers = sum(len(entry["leftovers"]) for entry in ends)
    print(
        f"{len(kills)} kills, {len(ends)} studies finished, {differing} tables that differ of"
        f" {sum(entry['tables'] for entry in ends)}, {orphans} orphans, {hung} hung, {leftovers} leftovers"
    )
    if orphans or hung or differing or leftovers:
        sys.exit(1)


if __name__ == "__main__":
    run(main)
