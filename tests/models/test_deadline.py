"""A deadline ends work in the main thread; a chat template with loops in loops ends in one line."""

import signal
import threading
import time

import pytest

from micota.common.errors import ModelError
from micota.models import prompts
from micota.models.deadline import TooSlow, deadline
from micota.models.prompts import Prompt, render, turn_end
from micota.models.scratch import build_tokenizer

LOOPS = "{% for a in range(99999) %}{% for b in range(99999) %}{{ b }}{% endfor %}{% endfor %}"


def test_work_that_takes_too_long_is_ended_and_the_alarm_is_put_back() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(TooSlow, match=r"the loop was not done after 0\.05 seconds"), deadline(0.05, "the loop"):
        sum(1 for _ in iter(int, 1))  # for ever
    with deadline(0.05, "a moment"):
        pass
    time.sleep(0.1)
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_in_another_thread_there_is_none() -> None:
    done: list[bool] = []

    def work() -> None:
        with deadline(0.01, "a thread"):
            time.sleep(0.05)
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]


def test_a_chat_template_with_loops_in_loops_ends_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompts, "TEMPLATE_SECONDS", 0.2)
    tokenizer = build_tokenizer()
    tokenizer.name_or_path = "models/looping"
    tokenizer.chat_template = LOOPS + tokenizer.chat_template
    for ask in (lambda: render(tokenizer, Prompt(user="{problem}"), "1+1?"), lambda: turn_end(tokenizer)):
        with pytest.raises(ModelError, match=r"^models/looping: its chat template was not done after 0\.2 s[^\n]*$"):
            ask()
