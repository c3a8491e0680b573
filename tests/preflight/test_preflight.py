"""A good study passes; each fault is found before anything runs; what is not at hand is never called ok."""

import copy
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pytest
from huggingface_hub import constants

from micota.common.hub import licence
from micota.common.settings import laid_over
from micota.planning.gpu_memory import Shape, sampling_bytes, scoring_bytes, training_bytes
from micota.preflight.models import findings
from micota.preflight.scene import Finding, Scene
from micota.sampling.engine import EngineSettings
from micota.study.config import Training
from micota.study.load import load_study
from scripts import preflight as script
from tests.hub_cache import commit_of
from tests.paper_study import fill_cache, overlay, write_overlay
from tests.tiny import raw_config, write_model

GPU = 80e9
QWEN3B = "Qwen/Qwen2.5-3B-Instruct"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with the whole study in it; tests that change something take a copy."""
    folder = tmp_path_factory.mktemp("preflight")
    fill_cache(folder / "home", folder / "made")
    return folder / "home"


@pytest.fixture
def home(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(filled, tmp_path / "home", symlinks=True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "home" / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "datasets")  # it leaves lock files there
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def changed(changes: dict[str, Any]) -> dict[str, Any]:
    """The small study, with values set at dotted paths."""
    raw = copy.deepcopy(laid_over(raw_config("paper"), overlay()))
    for path, value in changes.items():
        *parents, last = path.split(".")
        block = raw
        for key in parents:
            block = block[key]
        block[last] = value
    return raw


def look(changes: dict[str, Any] | None = None, profile: Path | None = None, gpu_bytes: float = GPU) -> list[Finding]:
    study = load_study(changed(changes or {}))
    found = findings(Scene(study, gpu_bytes, profile=profile))
    assert {finding.state for finding in found} <= {"ok", "warn", "FAIL", "not checked"}
    return found


def folder_of(home: Path, kind: str, repo: str) -> Path:
    """A snapshot whose files may be changed without touching another's blobs."""
    snapshot = home / "hub" / f"{kind}s--{repo.replace('/', '--')}" / "snapshots" / commit_of(repo)
    for link in [path for path in snapshot.rglob("*") if path.is_symlink()]:
        text = link.read_bytes()
        link.unlink()
        link.write_bytes(text)
    return snapshot


def edit_json(path: Path, **values: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def edit_row(home: Path, repo: str, index: int, **values: Any) -> None:
    (path,) = folder_of(home, "dataset", repo).rglob("*.jsonl")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows[index] |= values
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_a_good_study_passes(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_overlay(home.parent / "small.yaml")
    paper = Path(__file__).parents[2] / "config" / "paper.yaml"
    script.main(["--config", str(paper), str(path)])
    out = capsys.readouterr().out
    assert out.splitlines()[-1].endswith(", 1 warn, 0 FAIL, 0 not checked")
    # What the study takes out of the training problems by itself: the validation problems are drawn from the same set.
    (warned,) = [line for line in out.splitlines() if line.startswith("warn")]
    assert "train/2 with validation/2" in warned
    for check in ("model", "data set", "vocabulary", "merge", "prompt", "context", "length", "overlap", "licence"):
        assert any(line.split("  ")[:1] == ["ok"] and f"  {check} " in line for line in out.splitlines())


def no_template(home: Path) -> None:
    folder = folder_of(home, "model", QWEN3B)
    (folder / "chat_template.jinja").unlink()


def template_without_system(home: Path) -> None:
    template = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    (folder_of(home, "model", QWEN3B) / "chat_template.jinja").write_text(template)


def other_partner(home: Path) -> None:
    made = write_model(home.parent / "results/offline/models/ta_long")
    tokenizer = json.loads((made / "tokenizer.json").read_text())
    tokenizer["added_tokens"][-1]["content"] = "\\boxes{"
    (made / "tokenizer.json").write_text(json.dumps(tokenizer))


def overlap(home: Path) -> None:
    (path,) = folder_of(home, "dataset", "HuggingFaceH4/MATH-500").rglob("*.jsonl")
    problem = json.loads(path.read_text().splitlines()[0])["problem"]
    for index in range(12):
        edit_row(home, "hiyouga/math12k", index, problem=problem)


def twice(home: Path) -> None:
    for index in range(12):
        edit_row(home, "math-ai/amc23", index, problem="What is 1 + 1?")


def special_token(home: Path) -> None:
    for index in range(12):
        edit_row(home, "math-ai/amc23", index, problem=f"What is <|im_end|> + {index}?")


def unreadable_gold(repo: str) -> Callable[[Path], None]:
    def fault(home: Path) -> None:
        for index in range(12):
            edit_row(home, repo, index, answer="t(0,4]")

    return fault


def lost_weights(home: Path) -> None:
    (folder_of(home, "model", QWEN3B) / "model.safetensors").unlink()


FAULTS: list[tuple[Callable[[Path], Any] | None, dict[str, Any], str, str, str]] = [
    (None, {"bases.qwen3b.revision": "unresolved"}, "model", "FAIL", r"bases.qwen3b.revision: unresolved; .*make pin"),
    (None, {"bases.qwen3b.revision": "1" * 40}, "model", "not checked", "bases.qwen3b: could not get model"),
    (None, {"bases.qwen3b.revision": "main"}, "model", "warn", "'main' is no commit and may move"),
    (None, {"bases.qwen3b": {"source": "local", "path": "no"}}, "model", "FAIL", "no: no such model folder"),
    (lost_weights, {}, "model", "FAIL", "no *.safetensors weights"),
    (None, {"datasets.train.hub.revision": "1" * 40}, "data set", "not checked", "datasets.train.hub: could not get"),
    (None, {"datasets.train.hub.revision": "unresolved"}, "data set", "FAIL", "needs a pinned `revision:`"),
    (None, {"datasets.train.loader": "gsm8k"}, "data set", "FAIL", "not a row of gsm8k: it has no 'question'"),
    (None, {"datasets.train.limit": None}, "data set", "FAIL", "has 12 rows, expected 12000"),
    (None, {"data_folder": "nowhere"}, "data set", "FAIL", "nowhere/math12k_train.jsonl: no such file"),
    (lambda home: edit_json(folder_of(home, "model", QWEN3B) / "config.json", vocab_size=9), {}, "vocabulary", "FAIL",
     "268 tokens, embeddings for 9"),
    (other_partner, {}, "merge", "FAIL", "their tokenizers have different vocabularies"),
    (no_template, {}, "prompt", "FAIL", "prompts.evaluation has chat: true, and the tokenizer has no chat template"),
    (template_without_system, {}, "prompt", "FAIL", "the chat template refuses prompts.training"),
    (None, {"sampling.engine.max_model_len": 9000}, "context", "FAIL",
     "sampling.engine.max_model_len is 9000, its positions end at 8192"),
    (None, {"training.student.max_length": 9000}, "context", "FAIL", "training.student.max_length is 9000"),
    (None, {"sampling.engine.max_model_len": 64}, "length", "FAIL", "no room; raise sampling.engine.max_model_len"),
    (None, {"sampling.training.max_tokens": 4090}, "length", "warn", "the longest answers are cut by the context"),
    (None, {"training.student.max_length": 100}, "length", "warn", "longer examples are dropped and counted"),
    (overlap, {}, "overlap", "FAIL", "nothing is left of 8 problems: {'overlap_exact': 8}"),
    (twice, {}, "overlap", "warn", "7 duplicates stay, a benchmark is taken whole"),
    (special_token, {}, "special tokens", "warn", "in 8 of 8 problems"),
    (unreadable_gold("math-ai/amc23"), {}, "gold answers", "FAIL", "the grader rejects 8 of 8"),
    (unreadable_gold("hiyouga/math12k"), {}, "gold answers", "warn", "no trace can solve these"),
    (lambda home: (folder_of(home, "model", QWEN3B) / "README.md").write_text("# No licence"), {}, "licence",
     "not checked", "names no licence; read its page"),
    (lambda home: (folder_of(home, "model", QWEN3B) / "README.md").write_text(
        "---\nlicense: other\nlicense_name: qwen-research\n---\n"), {}, "licence", "warn", "other qwen-research: read"),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "changes", "check", "state", "words"), FAULTS)
def test_a_fault_is_found(
    home: Path, fault: Callable[[Path], Any] | None, changes: dict[str, Any], check: str, state: str, words: str
) -> None:
    """Each is found by its own check, with the words that say what to do."""
    if fault:
        fault(home)
    found = [finding for finding in look(changes) if finding.check == check and finding.state == state]
    assert [f for f in found if words in f.words or re.search(words, f.words)], found


def test_memory_is_compared_with_the_gpu(home: Path) -> None:
    needed = {f.subject: f for f in look(gpu_bytes=10e6) if f.check == "memory"}
    assert (
        needed["sample qwen3b"].state == "FAIL"
        and "raise sampling.engine.tensor_parallel" in needed["sample qwen3b"].words
    )
    assert needed["train ta_long"].state == "FAIL" and "fsdp2" in needed["train ta_long"].words
    assert {f.state for f in look() if f.check == "memory"} == {"ok"}


def test_a_full_disk_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(home)._replace(free=1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    (found,) = [finding for finding in look() if finding.check == "disk"]
    assert found.state == "FAIL" and "make room" in found.words


def test_a_profile_that_is_not_filled_in_is_said(home: Path) -> None:
    profile = home.parent / "slurm"
    profile.mkdir()
    for text, state, words in (
        ("default-resources:\n  slurm_account: CHANGE-ME # yours\n", "FAIL", "default-resources.slurm_account"),
        ("default-resources:\n  slurm_account: mine # was CHANGE-ME\n", "ok", "nothing is left"),
    ):
        (profile / "config.yaml").write_text(text)
        (found,) = [finding for finding in look(profile=profile) if finding.check == "profile"]
        assert found.state == state and words in found.words


def test_a_study_of_which_nothing_is_at_hand_has_nothing_ok_but_the_plan(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(home)
    found = look()
    assert {finding.check for finding in found if finding.state == "ok"} == {"merge"}
    assert {finding.state for finding in found} == {"ok", "not checked"}


def test_a_fault_is_an_exit_status(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paper = Path(__file__).parents[2] / "config" / "paper.yaml"
    with pytest.raises(SystemExit) as status:
        script.main(["--config", str(paper)])
    assert status.value.code == 1
    out = capsys.readouterr().out
    assert "bases.r1_32b.revision: unresolved" in out and out.splitlines()[-1].count("FAIL") == 1


@pytest.mark.parametrize(
    ("card", "found"),
    [
        ("---\nlicense: mit\n---\n# A", "mit"),
        ("---\nlicense: other\nlicense_name: x\nlicense_link: y\n---\n", "other x y"),
        ("---\ntags: [a]\n---\n", None),
        ("---\nlicense: [mit\n---\n", None),
        ("# license: mit\n", None),
    ],
)
def test_the_licence_of_a_card(tmp_path: Path, card: str, found: str | None) -> None:
    (tmp_path / "README.md").write_text(card)
    assert licence(tmp_path) == found


QWEN_3B = {
    "num_attention_heads": 16, "num_key_value_heads": 2, "hidden_size": 2048, "num_hidden_layers": 36,
    "vocab_size": 151936,
}  # fmt: skip


def test_estimates_of_a_model_of_three_billion() -> None:
    """By hand: 36 layers x 2 heads x 128 x 2 (keys, values) x 2 bytes are 36,864 bytes a token of cache."""
    shape = Shape.of(QWEN_3B, 3_085_938_688)
    engine = EngineSettings(name="vllm", dtype="bfloat16", max_model_len=8192, tensor_parallel=2)
    assert sampling_bytes(shape, engine) == (3_085_938_688 * 2 + 36_864 * 8192) // 2
    recipe = Training(
        prompt="p", epochs=1, learning_rate=1.0e-5, batch_size=1, max_length=8192, dtype="bfloat16",
        gradient_checkpointing=True,
    )  # fmt: skip
    whole = training_bytes(shape, recipe)
    assert 60e9 < whole < 80e9
    states = 3_085_938_688 * 16
    sharded = training_bytes(shape, recipe.but(processes=4, sharding="fsdp2"))
    copies = training_bytes(shape, recipe.but(processes=4))
    spread, head = (states + 3_085_938_688 * 2) * 3 / 4, 151936 * 2048 * 4  # the head's weight is gathered again
    assert copies == whole and whole - sharded == pytest.approx(spread - head, rel=1e-6)
    # TRL's head holds no logits of all tokens: twice as many tokens are so many activations more, and nothing else
    longer = training_bytes(shape, recipe.but(max_length=16384))
    assert longer - whole == 8192 * 2048 * (4 * 36 + 34)
    assert training_bytes(shape, recipe.but(gradient_checkpointing=False)) > whole
    assert scoring_bytes(shape, "bfloat16", 8192) == 3_085_938_688 * 2 + 151936 * (8192 * 2 + 1024 * 8)


def test_a_model_without_weights_is_counted_from_its_configuration(home: Path, tmp_path: Path) -> None:
    """As on a login node with a network, where only the light files of a model are fetched."""
    from micota.models.folders import parameters
    from micota.planning.model_sizes import count

    model = write_model(tmp_path / "whole")
    light = tmp_path / "light"
    light.mkdir()
    shutil.copy(model / "config.json", light)
    assert count(light) == parameters(model)


def test_attention_that_leaves_a_part_of_the_model_out_fails(home: Path) -> None:
    """Gemma 2 caps its attention's logits; sdpa would compute another model, in silence."""
    edit_json(folder_of(home, "model", QWEN3B) / "config.json", model_type="gemma2", attn_logit_softcapping=50.0)
    found = [finding for finding in look() if finding.check == "attention" and finding.state == "FAIL"]
    assert found and all(finding.words.endswith("attention: eager") for finding in found)
