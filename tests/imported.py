"""Made-up rows in the shapes of public sets of traces, with the blocks that import them: for the tests of imports."""

from pathlib import Path
from typing import Any, NamedTuple

from micota.common.records import Record, write_jsonl
from tests.tiny import raw_config


class Shape(NamedTuple):
    """Rows of a source, how a study reads them, and what must come of it."""

    rows: list[Record]
    dataset: dict[str, Any]
    corpus: dict[str, Any]
    kept: int
    dropped: dict[str, int]


def trace(answer: int, thought: str = "Let me see.") -> str:
    return f"<think>\n{thought}\n</think>\n\nThe answer is \\boxed{{{answer}}}."


ADD = [f"Add {n} and {n + 1} as quickly as possible." for n in range(10, 20)]  # problem n has the answer 21 + 2 n


def openr1() -> Shape:
    """Several generations of a problem, of which some never ended."""

    def row(n: int, generations: list[str], complete: list[bool], **more: Any) -> Record:
        row: Record = {
            "problem": ADD[n],
            "solution": "Add.",
            "answer": str(21 + 2 * n),
            "question_type": "math-word-problem",
        }
        row |= {"problem_type": "Algebra", "source": "olympiads", "uuid": f"u{n}", "generations": generations}
        return row | {"is_reasoning_complete": complete, "correctness_math_verify": [True] * len(complete)} | more

    rows = [
        row(0, [trace(21), trace(21, "Two ways.")], [True, True]),
        row(1, [trace(23), "<think>\nI wonder"], [True, False]),
        row(2, [trace(99), trace(25)], [True, True]),
        row(3, [trace(27), ""], [True, True]),
        row(4, [trace(29)], [True], question_type="proof", answer="proof"),
        row(5, ["<think>\nIt is \\boxed{31}."], [True]),
        row(6, [trace(33) + "<|im_end|>"], [True]),
    ]
    columns = {"completion": "generations", "finished": "is_reasoning_complete"}
    return Shape(
        rows,
        {"columns": {"id": "uuid"}, "leave_out": {"no_answer": True, "where": {"question_type": ["proof"]}}},
        {"columns": columns, "per_problem": 1},
        4,
        {"over_per_problem": 1, "truncated": 1, "incorrect": 1, "no_text": 1, "no_box": 1, "special_tokens": 1},
    )


def openthoughts() -> Shape:
    """Conversations of ShareGPT's form, with marks of their own, and no answer beside."""

    def row(n: int, answer: str, *more: Record) -> Record:
        said = "<|begin_of_thought|>\n\nHm.\n\n<|end_of_thought|>\n\n"
        said += f"<|begin_of_solution|>\n\n{answer}\n\n<|end_of_solution|>"
        turns = [{"from": "user", "value": ADD[n]}, {"from": "assistant", "value": said}, *more]
        return {"system": "Think.", "conversations": turns}

    rows = [
        row(0, "So \\boxed{21}."),
        row(1, "So \\boxed{23}.", {"from": "user", "value": "Sure?"}),
        row(2, "No idea."),
    ]
    marks = {"thinking": {"open": "<|begin_of_thought|>", "close": "<|end_of_thought|>"}}
    marks |= {"solution": {"open": "<|begin_of_solution|>", "close": "<|end_of_solution|>"}}
    return Shape(
        rows,
        {"columns": {"messages": "conversations", "boxed": "conversations"}, "leave_out": {"no_answer": True}},
        {"columns": {"messages": "conversations"}, **marks},
        1,
        {"further_turns": 1},
    )


def s1k() -> Shape:
    """Thinking and answer in two columns."""
    rows = [
        {
            "question": ADD[n],
            "solution": str(21 + 2 * n),
            "deepseek_thinking_trajectory": thought,
            "deepseek_attempt": said,
        }
        for n, thought, said in [
            (0, "Ten and eleven.", "It is \\boxed{21}."),
            (1, "Eleven and twelve: \\boxed{23}.", "It is \\boxed{24}."),
            (2, "Twelve.", None),
        ]
    ]
    columns = {"completion": "deepseek_attempt", "thinking": "deepseek_thinking_trajectory"}
    return Shape(
        rows,
        {"columns": {"problem": "question", "answer": "solution"}},
        {"columns": columns},
        1,
        {"incorrect": 1, "no_text": 1},
    )


def numina() -> Shape:
    """Solutions written by people, of which some are no answers; the solution is the trace."""
    rows = [
        {
            "problem": ADD[0],
            "solution": "So \\boxed{21}.",
            "answer": "21",
            "problem_is_valid": "Yes",
            "source": "cn_k12",
        },
        {"problem": ADD[1], "solution": "So it is.", "answer": "23", "problem_is_valid": "Yes", "source": "cn_k12"},
        {"problem": ADD[2], "solution": "So \\boxed{25}.", "answer": "25", "problem_is_valid": "No", "source": "forum"},
        {"problem": ADD[3], "solution": "See.", "answer": "notfound", "problem_is_valid": "Yes", "source": "forum"},
    ]
    leave_out = {"no_answer": True, "where": {"problem_is_valid": ["No"]}}
    return Shape(rows, {"leave_out": leave_out}, {"columns": {"completion": "solution"}}, 1, {"no_box": 1})


def smg() -> Shape:
    """Pairs of prompt and response, a row a trace; the same problem again is a further trace of it."""
    rows = [
        {"prompt": ADD[n], "response": f"{words} \\boxed{{{21 + 2 * n}}}."}
        for n, words in [(0, "It is"), (0, "Clearly"), (0, "It is"), (1, "It is")]
    ]
    dataset = {"columns": {"problem": "prompt", "boxed": "response"}}
    return Shape(rows, dataset, {"columns": {"completion": "response"}}, 3, {"repeated": 1})


# As little as there may be.
PLAIN = Shape([{"problem": "1 + 1?", "answer": "2", "text": trace(2)}], {}, {"columns": {"completion": "text"}}, 1, {})
SHAPES = {made.__name__: made() for made in (openr1, openthoughts, s1k, numina, smg)}


def study_of(folder: Path, shape: Shape, **changes: Any) -> dict[str, Any]:
    """The smoke study, its training problems and its long corpus from a file of such rows."""
    path = folder / "theirs.jsonl"
    write_jsonl(path, shape.rows)
    dataset = {"loader": "plain", "path": str(path), **shape.dataset}
    return raw_config(
        "smoke", {"datasets.train": dataset, "corpora.long": {"kind": "imported", **shape.corpus}, **changes}
    )
