"""Compare our half with lm-eval's, row by row, and both rules on completions made for every gold answer.

    python -m benchmarks.lm_eval_parity.parity --data ../shared/data --out results/lm_eval_parity

Runs in lm-eval's environment, whose own functions judge. A difference is explained where a reason
below can be seen in the row itself; any other one ends the run with status 1.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from benchmarks.lm_eval_parity.tasks import utils
from micota.common.records import Record, read_json, read_jsonl, write_json
from micota.grading.string_rule import papers_box, same_last_number, same_string
from micota.problems.loading import load
from micota.problems.source import Source

TASKS = Path(__file__).parent / "tasks"
BENCHMARKS = ("aime24", "amc23", "olympiadbench", "math500", "gsm8k")
SPECIAL = ("<|im_start|>", "<|im_end|>", "<|endoftext|>")

STRIPPED = "our loaders strip white space around the problem"
SKIPPED = "lm-eval leaves special tokens out of the text; smoke.yaml and paper.yaml keep them"
FLOAT = "the source's gold is a JSON number: to lm-eval no text equals it, ours compares with its text"
GOLD = "the source writes the gold otherwise than we do (padding, .0, dollar signs, a text beside it)"
SLASH = "lm-eval gives up on a/b where a side is no integer, and compares the texts as they are"
BARE = r"with `\boxed ` anywhere lm-eval takes what follows the last such one, braces and all, not the last box"
EDGES = "we strip the white space in a box; lm-eval compares with it, or counts it in a left side such as `y =`"


@dataclass(frozen=True)
class Check:
    """One comparison; `reason` is set where a difference is explained."""

    what: str
    row: str
    ours: Any
    theirs: Any
    reason: str | None = None

    @property
    def equal(self) -> bool:
        return bool(self.ours == self.theirs)


def task_file(name: str) -> dict[str, Any]:
    """A task's YAML with what it includes, the functions as their names."""

    class Loader(yaml.SafeLoader):
        """Reads `!function utils.load` as text."""

    Loader.add_constructor("!function", lambda loader, node: str(node.value))
    task: dict[str, Any] = yaml.load((TASKS / name).read_text(encoding="utf-8"), Loader)
    return (task_file(task["include"]) if "include" in task else {}) | task


def docs(dataset: str, data: Path) -> list[dict[str, Any]]:
    """All rows of a benchmark as lm-eval's task has them."""
    rows = utils.load(str(data), **task_file(f"micota_{dataset}.yaml")["dataset_kwargs"])["test"]
    return [dict(row) if dataset == "gsm8k" else {**row, "gold": utils.gold(row)} for row in rows]


def our_problems(dataset: str, data: Path) -> list[Record]:
    """All rows of a benchmark as our loader reads them."""
    return load(dataset, dataset, Source(data / str(task_file(f"micota_{dataset}.yaml")["dataset_kwargs"]["file"])))


class TheirRules:
    """lm-eval's own verdicts: the string rule on the last box, the flexible extract on GSM8K."""

    def __init__(self) -> None:
        from lm_eval.api.metrics import exact_match_hf_evaluate
        from lm_eval.filters.extraction import RegexFilter

        ours = task_file("micota_gsm8k.yaml")
        packaged = yaml.safe_load((files("lm_eval") / "tasks/gsm8k/gsm8k-cot-zeroshot.yaml").read_text("utf-8"))
        (flexible,) = [f for f in packaged["filter_list"] if f["name"] == "flexible-extract"]
        assert ours["filter_list"] == [flexible] and ours["metric_list"] == packaged["metric_list"]
        assert ours["generation_kwargs"]["until"] == packaged["generation_kwargs"]["until"]
        self.filter = RegexFilter(**{k: v for k, v in flexible["filter"][0].items() if k != "function"})
        about = ("metric", "aggregation", "higher_is_better")
        self.match, self.settings = (
            exact_match_hf_evaluate,
            {key: value for key, value in packaged["metric_list"][0].items() if key not in about},
        )

    def boxed(self, completion: str, doc: dict[str, Any]) -> bool:
        return bool(utils.process_results(doc, [completion])["exact_match"])

    def last_number(self, completion: str, doc: dict[str, Any]) -> bool:
        (found,) = self.filter.apply([[completion]], [doc])
        return bool(self.match([found[0]], [doc["answer"]], **self.settings)["exact_match"])


def gives_up(text: Any) -> bool:
    """Whether lm-eval's `strip_string` fails for an integer that is none: `int("x")` in its rule for a/b."""
    try:
        utils.strip_string(text)
    except ValueError:
        return True
    except (AssertionError, IndexError, AttributeError):
        return False
    return False


def why_verdict(completion: str, gold: Any) -> str | None:
    """The reason, seen in the row, why the rules may differ on the gold as the source writes it."""
    if not isinstance(gold, str):
        return FLOAT
    ours, theirs = papers_box(completion), utils.last_box(completion)
    if ours != theirs and r"\boxed " in completion:
        return BARE
    stripped = ours is not None and theirs is not None and ours != theirs and ours == theirs.strip()
    if stripped and utils.is_equiv(ours, gold) == same_string(str(ours), gold):
        return EDGES
    if gives_up(gold) or gives_up(ours or ""):
        return SLASH
    return None


def verdict(what: str, row: str, completion: str, doc: dict[str, Any], answer: str, rules: TheirRules) -> Check:
    """Our paper-rule verdict, as the grader gives it, against lm-eval's.

    Ours compares with `answer`, lm-eval with the source's gold. Where they differ only for that, our rule on the
    source's gold is lm-eval's verdict.
    """
    if "gold" not in doc:
        ours, theirs = same_last_number(completion, answer), rules.last_number(completion, doc)
        return Check(what, row, ours, theirs)
    box, theirs = papers_box(completion), rules.boxed(completion, doc)
    ours = box is not None and same_string(box, answer)
    if ours == theirs:
        return Check(what, row, ours, theirs)
    if isinstance(doc["gold"], str) and (box is not None and same_string(box, doc["gold"])) == theirs:
        return Check(what, row, ours, theirs, GOLD if doc["gold"] != answer else None)
    return Check(what, row, ours, theirs, why_verdict(completion, doc["gold"]))


def boxed_completions(answer: str) -> Iterator[tuple[str, str]]:
    """Completions with boxes for one answer, by kind."""
    right, wrong = rf"\boxed{{{answer}}}", r"\boxed{-987}"
    yield "right", f"So the answer is ${right}$."
    yield "wrong", f"So the answer is ${wrong}$."
    yield "wrong, then right", f"First ${wrong}$. No: Final Answer: {right}."
    yield "right, then wrong", f"First ${right}$. No: Final Answer: {wrong}."
    yield "no box", f"Final Answer: {answer}"
    yield "unclosed", rf"Final Answer: \boxed{{{answer}"
    yield "right, then unclosed", rf"${right}$ and then \boxed{{{answer}"
    yield "two lines", f"\\boxed{{\n{answer}\n}}"
    yield "spaces", rf"\boxed{{ {answer} }}"
    yield "other macros", right.replace(r"\frac", r"\dfrac").replace("(", r"\left(").replace(")", r"\right)")
    yield "degrees, percent", rf"\boxed{{{answer}^\circ}}, that is \boxed{{{answer}\%}}"
    yield "fbox", rf"\fbox{{{answer}}}"
    yield "box in a box", rf"\boxed{{\boxed{{{answer}}}}}"
    yield "without braces", rf"so $\boxed {answer}$."
    yield "without braces, then wrong", rf"so $\boxed {answer}$, no: ${wrong}$."
    yield "space before the brace", rf"\boxed {{{answer}}}"
    yield "one escaped brace", rf"\boxed{{\left\{{ {answer} \right.}}"


def number_completions(answer: str) -> Iterator[tuple[str, str]]:
    """Completions with numbers for one answer, by kind."""
    for kind, text in (
        ("right", "The answer is {}."), ("right, with ####", "6 * 7 = 42\n#### {}"), ("boxed", r"\boxed{{{}}}"),
        ("dollars", "She pays ${}"), ("dollars, in text", "${} a day."), ("a line after", "{}\n\nThat is all."),
        ("two full stops", "{}.."), ("comma after", "{}, that is it"), ("decimals", "{}.00"), ("negative", "-{}"),
        ("two numbers", "{} and 17"), ("range", "12-{}"), ("other digit", "{} ½"), ("wrong", "It is 987654321"),
        ("wrong, then right", "987654321, no: {}"), ("full stop apart", "{} . . ."), ("percent", "{}%"),
        ("special token", "{}<|im_start|>"),
    ):  # fmt: skip
        yield kind, text.format(answer)
    yield "thousands", f"{int(answer):,} dollars"
    yield "no number", "I do not know."


def injected(data: Path, rules: TheirRules) -> Iterator[Check]:
    """The verdicts of both rules on made completions, for every row of every benchmark."""
    for dataset in BENCHMARKS:
        for doc, problem in zip(docs(dataset, data), our_problems(dataset, data), strict=True):
            row, raw, answer = problem["id"], problem["raw_answer"], problem["answer"]
            if dataset == "gsm8k":
                for kind, text in number_completions(answer):
                    yield verdict("made completion, last number", f"{row} {kind}", text, doc, answer, rules)
                continue
            for kind, text in boxed_completions(answer):
                yield verdict("made completion, same gold", f"{row} {kind}", text, {"gold": answer}, answer, rules)
                yield verdict("made completion, each its gold", f"{row} {kind}", text, doc, answer, rules)
            if raw != answer:
                for kind, text in boxed_completions(raw):
                    yield verdict("the source's answer, each its gold", f"{row} {kind}", text, doc, answer, rules)


def prompts(data: Path, asked: dict[str, Any]) -> Iterator[Check]:
    """The user's turn, for every row of every benchmark: lm-eval's template against ours."""
    from lm_eval.utils import apply_template

    for dataset in BENCHMARKS:
        template = task_file(f"micota_{dataset}.yaml")["doc_to_text"]
        for doc, problem in zip(docs(dataset, data), our_problems(dataset, data), strict=True):
            ours = asked[dataset]["user"].replace("{problem}", problem["problem"])
            theirs = apply_template(template, doc)
            source = doc.get("problem") or doc["question"]
            stripped = source != source.strip() and asked[dataset]["user"].replace("{problem}", source) == theirs
            yield Check("every row: user's turn", problem["id"], ours, theirs, STRIPPED if stripped else None)


def samples(folder: Path) -> dict[str, Record]:
    """What lm-eval logged, by our ids."""
    found = {}
    for path in sorted(folder.rglob("samples_micota_*.jsonl")):
        dataset = path.name.split("_")[2]
        for row in read_jsonl(path):
            found[f"{dataset}/{row['doc_id']}"] = row
    return found


def without_special(text: str) -> str:
    """A completion as lm-eval decodes it."""
    for token in SPECIAL:
        text = text.replace(token, "")
    return text


def sampled(out: Path, data: Path, encode: Callable[[str], list[int]], rules: TheirRules) -> Iterator[Check]:
    """Prompt, tokens, completion and verdict of every sampled row."""
    theirs = samples(out / "lm_eval")
    ids = {row["id"]: row["prompt_ids"] for row in read_jsonl(out / "prompt_ids.jsonl")}
    problems = {p["id"]: p for name in BENCHMARKS for p in read_jsonl(out / "problems" / f"{name}.jsonl")}
    if theirs.keys() != problems.keys():
        sys.exit(f"lm-eval's rows are not ours: {sorted(theirs.keys() ^ problems.keys())}")
    for trace in read_jsonl(out / "graded.jsonl"):
        row, doc, problem = theirs[trace["id"]], theirs[trace["id"]]["doc"], problems[trace["id"]]
        prompt, completion = row["arguments"]["gen_args_0"]["arg_0"], row["resps"][0][0]
        yield Check("sampled row: prompt", trace["id"], trace["prompt"], prompt)
        yield Check("sampled row: prompt's token ids", trace["id"], ids[trace["id"]], encode(prompt))
        skipped = without_special(trace["completion"]) == completion
        yield Check(
            "sampled row: completion", trace["id"], trace["completion"], completion, SKIPPED if skipped else None
        )
        rule = "last_number" if trace["dataset"] == "gsm8k" else "string_rule"
        logged, ours = bool(row["exact_match"]), trace["verdicts"][rule]
        again = verdict("", "", trace["completion"], doc, problem["answer"], rules)
        yield Check("sampled row: verdict", trace["id"], ours, logged, again.reason)


def encoder(model: str) -> Callable[[str], list[int]]:
    """lm-eval's own way from a prompt to token ids."""
    from lm_eval.models.huggingface import HFLM

    lm = HFLM(pretrained=model, dtype="float32", device="cpu", batch_size=1)

    def encode(prompt: str) -> list[int]:
        found: list[int] = lm.tok_batch_encode([prompt])[0][0].tolist()
        return found

    return encode


def report(checks: Sequence[Check]) -> tuple[list[Record], list[Check]]:
    """Counts by kind of comparison and reason, and the differences that no reason explains."""
    lines = []
    for what in dict.fromkeys(check.what for check in checks):
        found = [check for check in checks if check.what == what]
        differ = [check for check in found if not check.equal]
        reasons = Counter(check.reason or "unexplained" for check in differ)
        lines.append({"compared": what, "rows": len(found), "equal": len(found) - len(differ), "differ": dict(reasons)})
    return lines, [check for check in checks if not check.equal and check.reason is None]


def show(lines: Iterable[Record], checks: Sequence[Check]) -> None:
    """Print the counts, with an example of each reason."""
    for line in lines:
        print(f"{line['compared']}: {line['rows']} compared, {line['equal']} equal")
        for reason, count in line["differ"].items():
            example = next(
                c
                for c in checks
                if c.what == line["compared"] and not c.equal and (c.reason or "unexplained") == reason
            )
            print(f"  {count} differ: {reason} (such as {example.row})")


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with the benchmarks' JSON Lines files")
    parser.add_argument("--out", type=Path, required=True, help="folder of the comparison")
    parser.add_argument("--rules-only", action="store_true", help="only the prompts' texts and the made completions")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Compare, count, fail on what is not explained."""
    args = parse_args(argv)
    rules = TheirRules()
    checks: list[Check] = []
    if not args.rules_only:
        checks += sampled(args.out, args.data, encoder((args.out / "model.txt").read_text("utf-8")), rules)
    checks += prompts(args.data, read_json(args.out / "prompts.json"))
    checks += injected(args.data, rules)
    lines, unexplained = report(checks)
    show(lines, checks)
    write_json(args.out / "parity.json", {"counts": lines, "unexplained": [c.__dict__ for c in unexplained[:100]]})
    for check in unexplained[:20]:
        print(json.dumps(check.__dict__), file=sys.stderr)
    sys.exit(1 if unexplained else 0)


if __name__ == "__main__":
    main()
