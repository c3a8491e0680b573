"""A grader that is killed leaves no worker behind, nor the server that forks them."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from tests.conftest import ROOT

GRADE = (
    "from micota.grading.grade import Judge; from tests.grading.test_killed import busy\n"
    "print('begins', flush=True); Judge(workers=2, timeout=600, verify=busy).judge([('1', str(n)) for n in range(40)])"
)


def busy(_: list[tuple[str, str]]) -> list[str]:
    """As long as a hard comparison takes."""
    while True:
        pass


def workers(grader: "subprocess.Popen[str]") -> list[psutil.Process]:
    """The processes below its server of forks that are at work."""
    family = psutil.Process(grader.pid).children(recursive=True)
    return [process for process in family if process.ppid() != grader.pid and sum(process.cpu_times()[:2]) > 0.2]


@pytest.mark.skipif(sys.platform != "linux", reason="a fork server's workers are found by the process tree")
def test_a_killed_grader_leaves_nobody_behind() -> None:
    command = [sys.executable, "-c", GRADE]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as grader:
        assert grader.stdout and grader.stdout.readline() == "begins\n"
        while len(workers(grader)) < 2:
            time.sleep(0.1)
        family = psutil.Process(grader.pid).children(recursive=True)
        grader.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(family, timeout=30)
    for process in alive:
        process.kill()
    assert not alive
