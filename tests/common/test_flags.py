"""Settings as flags: each field has one, with its words; what does not fit is said as a configuration's faults are."""

import ast
from typing import Any

import pytest

from micota.common.cli import Parser
from micota.common.errors import UserError
from micota.common.flags import add_flags, as_flags, held, with_flags
from micota.common.settings import Closed
from micota.corpora.kinds import KINDS, Chosen, Imported, Matched, Mixed, Procedural, Pruned, Sampled
from micota.models.merge_methods import Merge
from micota.models.prompts import Prompt
from micota.problems.settings import Arithmetic, Cleaning, Columns, Dataset, Demonstrations, LeaveOut
from micota.sampling.engine import Decoding, EngineSettings
from micota.study.config import parse_config
from micota.training.settings import TrainingSettings
from tests.conftest import ROOT
from tests.tiny import raw_config

CHAIN = {"operations": [1, 2], "bound": 99}
DEMONSTRATIONS = {"count": 5, **CHAIN, "verbose_share": 0.3, "verbosity": [0.0, 1.0]}
# Settings -> what stands before their flags, where a configuration has them, and what of them must be given.
SETTINGS: dict[type[Closed], tuple[str, str, dict[str, Any]]] = {
    TrainingSettings: ("", "training.student", {"epochs": 2, "learning_rate": 0.001, "batch_size": 4}),
    EngineSettings: ("engine_", "sampling.engine", {"name": "transformers"}),
    Decoding: ("", "sampling.training", {"max_tokens": 9}),
    Prompt: ("prompt_", "prompts.chat", {"user": "{problem}"}),
    Arithmetic: ("options_", "datasets.two_steps.options", {"part": "test", "count": 5, "seed": 0, **CHAIN}),
    LeaveOut: ("leave_out_", "datasets.two_steps.leave_out", {}),
    Columns: ("columns_", "datasets.two_steps.columns", {}),
    Cleaning: ("", "cleaning", {}),
    Demonstrations: ("", "bases.small.scratch.demonstrations", DEMONSTRATIONS),
    Merge: ("", "", {"weight": 0.4, "density": 0.5, "seed": 0}),
    Sampled: ("", "corpora.x.sampled", {"kind": "sampled", "sampler": "large"}),
    Mixed: ("", "corpora.x.mixed", {"kind": "mixed", "shares": {"long": 1.0, "short": 4.0}}),
    Matched: ("", "corpora.x.matched", {"kind": "matched", "of": "long", "match": "tokens", "to": "short"}),
    Pruned: ("", "corpora.x.pruned", {"kind": "pruned", "of": "long", "drop": ["checks", "second_pass"]}),
    Chosen: ("", "corpora.x.chosen", {"kind": "chosen", "candidates": ["short", "mid"], "by": "nll", "base": "small"}),
    Imported: ("", "corpora.x.imported", {"kind": "imported", "columns": {"completion": "generations"}}),
    Procedural: (
        "",
        "corpora.x.demonstrations",
        {"kind": "demonstrations", "seed": 0, "demonstrations": DEMONSTRATIONS},
    ),
}
settings = pytest.mark.parametrize("kind", SETTINGS, ids=lambda kind: kind.__name__)


def read(kind: type[Closed], flags: list[str], given: Closed | None = None) -> Any:
    """The settings that flags make, over others where they are given."""
    prefix = SETTINGS[kind][0]
    parser = Parser()
    add_flags(parser, kind, prefix)
    args = parser.parse_args(flags)
    return with_flags(kind, given, args, prefix)


def refused(kind: type[Closed], flags: list[str], given: Closed | None = None) -> str:
    with pytest.raises(UserError) as fault:
        read(kind, flags, given)
    message = str(fault.value)
    assert "\n" not in message
    return message


def assert_said_alike(message: str, flag: str, kind: type[Closed], changes: dict[str, Any]) -> None:
    """One flag is named, and what is said of it is what a configuration says of the key."""
    named, _, words = message.partition(": ")
    assert named.split(" ")[0] == flag
    _, place, needed = SETTINGS[kind]
    path = place.removesuffix(f".{needed.get('kind')}").replace(".scratch", "")  # a key names no kind of block
    block: Any = raw_config("mini")
    for key in path.split("."):
        block = block.get(key) or {}
    with pytest.raises(UserError) as fault:
        parse_config(raw_config("mini", {path: {**block, **needed, **changes}}))
    lines = [line for line in str(fault.value).splitlines() if line.startswith(f"  {place}.")]
    assert [line.partition(": ")[2] for line in lines] == [words]


def test_every_class_that_a_program_takes_as_flags_is_tried_here() -> None:
    asked = set()
    for path in (ROOT / "scripts").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "add_flags":
                asked.add(ast.unparse(node.args[1]))
    assert "TrainingSettings" in asked
    assert asked - {"kind"} <= {kind.__name__ for kind in SETTINGS}  # `kind`: that of a corpus
    assert set(KINDS.values()) <= SETTINGS.keys()


@settings
def test_every_field_is_a_flag_with_its_own_words(kind: type[Closed]) -> None:
    parser = Parser(add_help=False)
    add_flags(parser, kind, SETTINGS[kind][0])
    shown = {action.option_strings[0]: str(action.help) for action in parser._actions}
    fields: dict[str, Any] = {}
    for name, field in kind.model_fields.items():
        inner = held(field)
        fields |= {f"{name}_{part}": of for part, of in inner.model_fields.items()} if inner else {name: field}
    assert shown.keys() == {"--" + f"{SETTINGS[kind][0]}{name}".replace("_", "-") for name in fields}
    for name, field in fields.items():
        words = shown["--" + f"{SETTINGS[kind][0]}{name}".replace("_", "-")]
        assert field.description and words.startswith(field.description.replace("%", "%%"))
    assert parser.format_help()


def test_a_flag_says_what_may_be_given_and_what_it_is_otherwise() -> None:
    parser = Parser(add_help=False)
    add_flags(parser, TrainingSettings)
    shown = {action.dest: str(action.help) for action in parser._actions}
    assert shown["epochs"] == "passes over the corpus (>= 1)"
    assert shown["dtype"].endswith("(float32 | bfloat16; default float32)")
    assert shown["warmup_ratio"].endswith("(>= 0, < 1; default 0.0)")
    assert shown["packing"].endswith("(default false)")
    assert shown["max_examples"].endswith("(>= 1; default null)")


@settings
def test_what_is_not_given_is_the_default(kind: type[Closed]) -> None:
    prefix, _, needed = SETTINGS[kind]
    found = read(kind, as_flags(needed, prefix))
    assert found == kind.model_validate(needed)
    assert found.model_fields_set == needed.keys()


@settings
def test_a_study_goes_under_the_flags(kind: type[Closed]) -> None:
    prefix, _, needed = SETTINGS[kind]
    study = kind.model_validate(needed)
    assert read(kind, [], study) == study
    for name, value in needed.items():  # each may be given over settings of which all else stays
        assert read(kind, as_flags({name: value}, prefix), study) == study


@pytest.mark.parametrize(
    ("kind", "flags", "changes"),
    [
        (TrainingSettings, ["--learning-rate", "2e-5", "--packing", "true"], {"learning_rate": 2e-5, "packing": True}),
        (TrainingSettings, ["--attention", "null", "--max-examples", "7"], {"attention": None, "max_examples": 7}),
        (EngineSettings, ["--engine-max-num-seqs", "null", "--engine-dtype", "bfloat16"], {"dtype": "bfloat16"}),
        (Decoding, ["--temperature", "1", "--n", "4"], {"temperature": 1, "n": 4}),
        (Decoding, ["--stop", "Q:", "1"], {"stop": ["Q:", "1"]}),
        (Prompt, ["--prompt-system", "1.5", "--prompt-chat", "False"], {"system": "1.5", "chat": False}),
        (Arithmetic, ["--options-operations", "3"], {"operations": [3]}),
        (LeaveOut, ["--leave-out-no-answer", "true"], {"no_answer": True}),
        (
            LeaveOut,
            ["--leave-out-where", "kind=a", "is=b=c", "kind=1", "kind=.5", "kind=null", "kind=true", "none="],
            {"where": {"kind": ["a", 1, 0.5, None, True], "is": ["b=c"], "none": [""]}},
        ),
        (Columns, ["--columns-problem", "question"], {"problem": "question"}),
        (Imported, ["--columns-finished", "done", "--thinking-open", "<", "--thinking-close", ">"],
         {"columns": {"completion": "generations", "finished": "done"}, "thinking": {"open": "<", "close": ">"}}),
        (Demonstrations, ["--verbosity", "0.5", "1", "--second-pass", "short"], {"verbosity": [0.5, 1]}),
        (Merge, ["--seed", "3"], {"seed": 3}),
        (Merge, ["--method", "task_arithmetic", "--density", "null", "--seed", "null"],
         {"method": "task_arithmetic", "density": None, "seed": None}),
        (Mixed, ["--shares", "mid=1", "short=2e0"], {"shares": {"mid": 1, "short": 2.0}}),
        (Sampled, ["--only-if-solved-by", "small", "medium"], {"only_if_solved_by": ["small", "medium"]}),
        (Chosen, ["--by", "length", "--between", "long", "--base", "null"],
         {"by": "length", "between": ["long"], "base": None}),
        (Procedural, ["--demonstrations-count", "6"], {"demonstrations": {**DEMONSTRATIONS, "count": 6}}),
    ],
)  # fmt: skip
def test_a_flag_changes_its_field_alone(kind: type[Closed], flags: list[str], changes: dict[str, Any]) -> None:
    study = kind.model_validate(SETTINGS[kind][2])
    assert read(kind, flags, study) == kind.model_validate(study.model_dump() | changes)


def test_a_number_as_python_writes_it_is_one_on_a_command_line_and_a_text_in_yaml() -> None:
    needed = as_flags(SETTINGS[TrainingSettings][2])
    assert read(TrainingSettings, [*needed, "--learning-rate", "1e-5"]).learning_rate == 1e-5
    with pytest.raises(UserError, match=r"training.student.learning_rate: .* found '1e-5' \(YAML reads 1e-5 as text"):
        parse_config(raw_config("mini", {"training.student.learning_rate": "1e-5"}))


@pytest.mark.parametrize(
    ("kind", "flag", "value"),
    [
        (TrainingSettings, "--epochs", 0),
        (TrainingSettings, "--epochs", 1.5),
        (TrainingSettings, "--epochs", "many"),
        (TrainingSettings, "--epochs", None),
        (TrainingSettings, "--learning-rate", -0.5),
        (TrainingSettings, "--warmup-ratio", 1.0),
        (TrainingSettings, "--scheduler", "cosin"),
        (TrainingSettings, "--packing", "yes"),
        (TrainingSettings, "--packing", 1),
        (TrainingSettings, "--max-examples", 0),
        (TrainingSettings, "--attention", "flash"),
        (EngineSettings, "--engine-name", "vlm"),
        (EngineSettings, "--engine-gpu-memory-utilization", 1.1),
        (EngineSettings, "--engine-max-num-seqs", 0),
        (Decoding, "--seed", -1),
        (Decoding, "--stop", ["Q:", ""]),
        (Prompt, "--prompt-user", "{ problem }"),
        (Prompt, "--prompt-system", "{problem}"),
        (Arithmetic, "--options-part", "tset"),
        (Arithmetic, "--options-operations", [1, 9]),
        (Arithmetic, "--options-operations", []),
        (LeaveOut, "--leave-out-pictures", "none"),
        (Cleaning, "--near", 2),
        (Demonstrations, "--verbosity", [0.0]),
        (Demonstrations, "--verbosity", [0.0, -1.0]),
        (Sampled, "--keep", "right"),
        (Sampled, "--only-if-solved-by", ["a", "a"]),
        (Mixed, "--shares", {}),
        (Mixed, "--shares", {"long": 0}),
        (Mixed, "--shares", {"Long": 1}),
        (Matched, "--of", "Long"),
        (Chosen, "--candidates", ["short"]),
        (Chosen, "--floor", -0.5),
        (Columns, "--columns-boxed", ""),
        (Imported, "--per-problem", 0),
        (Procedural, "--demonstrations-count", 0),
        (Procedural, "--seed", -1),
    ],
)
def test_what_does_not_fit_is_said_in_the_words_of_a_configuration(kind: type[Closed], flag: str, value: Any) -> None:
    prefix, _, needed = SETTINGS[kind]
    name = flag.removeprefix("--").replace("-", "_").removeprefix(prefix)
    message = refused(kind, as_flags({name: value}, prefix), kind(**needed))
    inner = name.removeprefix("demonstrations_")
    assert_said_alike(
        message, flag, kind, {name: value} if inner == name else {"demonstrations": {**DEMONSTRATIONS, inner: value}}
    )


@pytest.mark.parametrize(
    ("kind", "flag", "changes"),
    [
        (TrainingSettings, "--sharding", {"sharding": "fsdp2"}),
        (Decoding, "--n", {"n": 4}),
        (Matched, "--to", {"to": None}),
        (Matched, "--match", {"match": None}),
        (Matched, "--problems-of", {"match": None, "to": None}),
        (Chosen, "--base", {"by": "length"}),
        (Chosen, "--between", {"between": ["long"]}),
        (Chosen, "--between", {"by": "length", "base": None}),
    ],
)
def test_settings_that_do_not_go_together_are_said_alike(
    kind: type[Closed], flag: str, changes: dict[str, Any]
) -> None:
    prefix, _, needed = SETTINGS[kind]
    flags = as_flags(changes, prefix)
    assert_said_alike(refused(kind, flags, kind(**needed)), flag, kind, changes)


@settings
def test_what_must_be_given_is_asked_for_by_its_flag(kind: type[Closed]) -> None:
    prefix, _, needed = SETTINGS[kind]
    required = [name for name, field in kind.model_fields.items() if field.is_required()]
    for missing in required:
        if held(kind.model_fields[missing]):
            continue  # a block, whose own fields are asked for
        flags = as_flags({name: value for name, value in needed.items() if name != missing}, prefix)
        flag = as_flags({missing: ""}, prefix)[0]
        assert refused(kind, flags) == f"{flag}: Field required"


def test_a_fault_in_a_block_that_settings_hold_is_said_by_its_flag_and_one_of_the_block_by_all() -> None:
    parser = Parser()
    add_flags(parser, Dataset)

    def message(*flags: str) -> str:
        with pytest.raises(UserError) as fault:
            with_flags(Dataset, None, parser.parse_args(list(flags)))
        return str(fault.value)

    said = message("--loader", "arithmetic", "--options-part", "test", "--options-count", "0", "--options-seed", "1",
                   "--options-operations", "2")  # fmt: skip
    assert said == (
        "--options-count: Input should be greater than or equal to 1, found 0; --options-bound: Field required"
    )
    assert message("--loader", "arithmetic").startswith("--options-*: the arithmetic loader needs them")


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        (["long"], "--shares: write NAME=VALUE, found 'long'"),
        (["long=1", "short=2", "long=3"], "--shares: long stands there more than once"),
        (["long=half"], "--shares long: Input should be a valid number, found 'half'"),
        (["long=1", "short=0"], "--shares short: Input should be greater than 0, found 0"),
    ],
)
def test_pairs_that_are_none_or_stand_twice_are_refused(shares: list[str], message: str) -> None:
    assert refused(Mixed, ["--kind", "mixed", "--shares", *shares]) == message


@pytest.mark.parametrize(
    ("kind", "flags", "words"),
    [
        (Merge, ["--weight", "-1"], "--weight: Input should be greater than or equal to 0, found -1"),
        (Merge, ["--density", "1.5"], "--density: Input should be less than or equal to 1, found 1.5"),
        (Merge, ["--seed", "x"], "--seed: Input should be a valid integer"),
        (Merge, ["--method", "dare"], "--method: Input should be 'dare_ties', "),
        (Merge, ["--method", "linear"], "--density: linear takes none"),
        (Merge, ["--seed", "null"], "--seed: dare_ties takes one"),
    ],
)
def test_a_merge_that_does_not_fit_names_the_flag(kind: type[Closed], flags: list[str], words: str) -> None:
    """A configuration has sweeps of merges instead, with lists."""
    assert refused(kind, flags, kind(**SETTINGS[kind][2])).startswith(words)


def test_every_flag_that_does_not_fit_is_named_in_one_line() -> None:
    message = refused(TrainingSettings, ["--epochs", "0", "--batch-size", "x"])
    assert [part.partition(": ")[0] for part in message.split("; ")] == ["--epochs", "--learning-rate", "--batch-size"]
