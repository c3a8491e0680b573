"""Slurm on one machine: two nodes, `cpu1` and `gpu1`, the second with two GPUs that only Slurm believes in.

Everything lies in a folder of its own, on ports of its own: no service, no file of /etc. Needs root (Slurm's daemons
change to the user of a job) and the programs of Debian's slurm-wlm and munge.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

DAEMONS = ("munged", "slurmctld", "slurmd")
COMMANDS = ("sbatch", "srun", "scancel", "scontrol", "squeue", "sinfo", "sacct", "sacctmgr", "sshare")
NODES = ("cpu1", "gpu1")
GPUS = 2

# A machine with two cores and little memory plays two larger nodes: `config_overrides` makes Slurm believe the node
# lines. No accounting: jobcomp.txt has a line for each job that ended. Jobs of a lost node go back into the queue.
SLURM_CONF = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmdSpoolDir={folder}/spool-%n
StateSaveLocation={folder}/state
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/jobcomp.txt
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=bf_interval=5,batch_sched_delay=1,sched_min_interval=200000
GresTypes=gpu
ReturnToService=0
KillWait=2
MessageTimeout=60
SlurmdTimeout=600
NodeName=cpu1 NodeHostname={host} NodeAddr=127.0.0.1 Port={cpu1} CPUs=16 RealMemory=500000
NodeName=gpu1 NodeHostname={host} NodeAddr=127.0.0.1 Port={gpu1} CPUs=16 RealMemory=500000 Gres=gpu:{gpus}
PartitionName=cpu Nodes=cpu1,gpu1 MaxTime=INFINITE
PartitionName=gpu Nodes=gpu1 MaxTime=INFINITE
"""


def found(program: str) -> str | None:
    """The path of a program; /usr/sbin counts, which a user's PATH may lack."""
    return shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin")


def missing_programs() -> list[str]:
    """The programs of Slurm and munge that are not installed."""
    return [name for name in (*DAEMONS, *COMMANDS) if found(name) is None]


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for opened in sockets:
            opened.bind(("127.0.0.1", 0))
        return [int(opened.getsockname()[1]) for opened in sockets]
    finally:
        for opened in sockets:
            opened.close()


def wait_for(what: str, condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until a condition holds.

    Raises TimeoutError, naming what was waited for.
    """
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.2)


@dataclass(frozen=True)
class Cluster:
    """A running Slurm; with `environment`, Slurm's commands are those of this cluster."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"PATH": f"{self.folder}/bin:{os.environ['PATH']}"}

    def run(self, *command: str) -> str:
        """Run one of Slurm's commands and return what it prints."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
        return done.stdout

    def set_node(self, node: str, state: str) -> None:
        self.run("scontrol", "update", f"NodeName={node}", f"State={state}", "Reason=test")

    def running(self) -> dict[str, str]:
        """Running jobs, those in an array one by one: id -> node."""
        lines = self.run("squeue", "--noheader", "--array", "--states=running", "--format=%i|%N").splitlines()
        return dict(line.split("|") for line in lines)

    def state(self, job: str) -> str:
        """RUNNING, COMPLETED, ...; for a few minutes after the job's end as well."""
        return self.run("squeue", "--noheader", "--array", "--states=all", f"--jobs={job}", "--format=%T").strip()

    def ended(self) -> list[dict[str, str]]:
        """Jobs that ended, or went back into the queue, in that order: JobId, JobState, Partition, Tres, ..."""
        path = self.folder / "jobcomp.txt"
        lines = path.read_text().splitlines() if path.exists() else []
        return [dict(word.split("=", 1) for word in line.split() if "=" in word) for line in lines]


def write_files(folder: Path) -> None:
    """A munge key, Slurm's configuration, its commands, and two empty files that stand for GPUs.

    The commands know the configuration by themselves: Snakemake's executor takes SLURM_CONF from a job's environment.
    """
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)
    controller, cpu1, gpu1 = free_ports(3)
    values = {"folder": folder, "host": socket.gethostname().partition(".")[0], "gpus": GPUS}
    values |= {"controller": controller, "cpu1": cpu1, "gpu1": gpu1}
    (folder / "slurm.conf").write_text(SLURM_CONF.format(**values))
    for index in range(GPUS):
        (folder / f"gpu{index}").touch()
    (folder / "bin").mkdir()
    for command in COMMANDS:
        script = folder / "bin" / command
        script.write_text(f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {found(command)} "$@"\n')
        script.chmod(0o755)
    (folder / "gres.conf").write_text(f"NodeName=gpu1 Name=gpu File={folder}/gpu[0-{GPUS - 1}]\n")
    (folder / "state").mkdir()
    for node in NODES:
        (folder / f"spool-{node}").mkdir()


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Start Slurm in an empty folder; stop all of it at the end, jobs included."""
    folder.chmod(0o755)  # munged looks at who may write where its socket and key are
    write_files(folder)
    slurm = Cluster(folder)
    daemons: list[subprocess.Popen[bytes]] = []

    def start(program: str, *flags: str) -> None:
        command = [str(found(program)), *flags]
        with (folder / f"{program}.out").open("ab") as log:
            daemons.append(subprocess.Popen(command, env=slurm.environment, stdout=log, stderr=subprocess.STDOUT))

    try:
        start("munged", "--foreground", "--force", f"--key-file={folder}/munge.key", f"--socket={folder}/munge.socket",
              f"--pid-file={folder}/munged.pid", f"--log-file={folder}/munged.log",
              f"--seed-file={folder}/munged.seed", "--num-threads=2")  # fmt: skip
        wait_for("munged", (folder / "munge.socket").exists)
        start("slurmctld", "-D", "-i", "-f", f"{folder}/slurm.conf")
        for node in NODES:
            start("slurmd", "-D", "-N", node, "-f", f"{folder}/slurm.conf")
        wait_for("both nodes", lambda: alive(folder, daemons) and states(slurm) == ["idle", "idle"], 300)
        yield slurm
    finally:
        stop(slurm, daemons)


def alive(folder: Path, daemons: list[subprocess.Popen[bytes]]) -> bool:
    """True; raises RuntimeError, with what a daemon said, where one has ended."""
    if any(daemon.poll() is not None for daemon in daemons):
        raise RuntimeError("\n".join(path.read_text() for path in folder.glob("*.out")))
    return True


def states(slurm: Cluster) -> list[str]:
    """The states of the nodes; none while the controller does not answer yet."""
    try:
        return slurm.run("sinfo", "--noheader", "--Node", "--partition=cpu", "--format=%T").split()
    except RuntimeError:
        return []


def stop(slurm: Cluster, daemons: list[subprocess.Popen[bytes]]) -> None:
    """Cancel every job, wait until their processes have gone, and end the daemons, the last started first."""
    try:
        alive(slurm.folder, daemons)
        slurm.run("scancel", "--user=root")
        wait_for("the jobs' end", lambda: not slurm.run("squeue", "--noheader", "--states=running,completing"))
    except (RuntimeError, TimeoutError) as error:
        print(f"while stopping Slurm: {error}")
    for daemon in reversed(daemons):
        daemon.terminate()
        try:
            daemon.wait(timeout=20)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()
    for process in left_over(slurm):
        print(f"while stopping Slurm: process {process} had outlived its job")
        os.kill(process, signal.SIGKILL)


def left_over(slurm: Cluster) -> list[int]:
    """Processes of jobs: they alone have this cluster's commands on their PATH."""
    mark = f"{slurm.folder}/bin:".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):  # it has ended meanwhile
            if mark in path.read_bytes():
                found.append(int(path.parent.name))
    return found
