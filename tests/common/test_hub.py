"""Models and data sets come from the hub's cache without a network, at the commit asked for; a fault names its key."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import datasets
import pytest
from huggingface_hub import constants
from huggingface_hub.utils import filter_repo_objects

from micota.common.errors import MissingFile, UserError
from micota.common.hub import NotFetched, snapshot
from micota.problems.loading import load
from micota.problems.source import Source
from scripts import base as base_script
from tests.hub_cache import commit_of, put, write_dataset
from tests.tiny import same_weights, write_model

OTHER = "0" * 40
ROWS = [{"question": f"What is {n} + 1?", "answer": f"So.\n#### {n + 1}"} for n in range(20)]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and no network."""
    home = tmp_path / "home"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", home / "datasets")  # it leaves lock files there
    return home


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_model(tmp_path_factory.mktemp("hub") / "m")
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    (folder / "modeling_evil.py").write_text("raise SystemExit")
    return folder


def get(repo: str, revision: str, folder: Path) -> Path:
    base_script.main(["--repo", repo, "--revision", revision, "--out", str(folder / "small")])
    return folder / "small"


def test_a_cached_model_is_taken_whole_and_plain(model: Path, cache: Path, tmp_path: Path) -> None:
    put(cache, "model", "me/model", model)
    out = get("me/model", commit_of("me/model"), tmp_path)
    assert same_weights(out, model)
    plain = {path.name for path in model.iterdir()} - {"README.md", "modeling_evil.py"}
    assert {path.name for path in out.iterdir()} == plain | {"micota.json", "README.md"}
    assert not [path for path in out.iterdir() if path.is_symlink()]  # the cache may be emptied
    made = json.loads((out / "micota.json").read_text())
    assert (made["source"], made["repo"], made["revision"]) == ("hub", "me/model", commit_of("me/model"))


def test_weights_are_fetched_once(model: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """mistralai's repositories hold them a second time, Meta's in a folder."""
    fetched: list[str] = []
    there = ["config.json", "tokenizer.model", "model-00001-of-00002.safetensors", "model.safetensors.index.json"]
    twice = ["consolidated.safetensors", "original/params.json", "onnx/model.safetensors", "pytorch_model.bin"]

    def download(*_: object, allow_patterns: list[str], ignore_patterns: list[str], **more: object) -> str:
        wanted = filter_repo_objects([*there, *twice], allow_patterns=allow_patterns, ignore_patterns=ignore_patterns)
        fetched.extend(wanted)
        return str(model)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    get("me/model", OTHER, tmp_path)
    assert fetched == there


def test_another_commit_than_the_cached_one_is_not_taken(model: Path, cache: Path, tmp_path: Path) -> None:
    put(cache, "model", "me/model", model)
    message = rf"bases\.small: could not get model me/model at revision {OTHER}.*`hf download me/model --revision 0"
    with pytest.raises(NotFetched, match=message + r".*`source: local` and `path:` under bases\.small"):
        get("me/model", OTHER, tmp_path)
    assert not (tmp_path / "small").exists()


def test_a_model_that_was_fetched_in_part_is_refused(model: Path, cache: Path, tmp_path: Path) -> None:
    kept = put(cache, "model", "me/model", model)
    (kept / "model.safetensors").rename(kept / "model-00001-of-00002.safetensors")
    parts = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    (kept / "model.safetensors.index.json").write_text(json.dumps({"weight_map": parts}))
    with pytest.raises(UserError, match=r"1 of 2 weights files .* not there: model-00002-of-00002\.safetensors"):
        get("me/model", commit_of("me/model"), tmp_path)


def test_a_weights_file_that_was_cut_short_is_refused(model: Path, cache: Path, tmp_path: Path) -> None:
    kept = put(cache, "model", "me/model", model)
    whole = (kept / "model.safetensors").read_bytes()
    for part in (whole[:-1], whole[:100], whole[:4], b""):
        (kept / "model.safetensors").write_bytes(part)
        with pytest.raises(UserError, match=r"model\.safetensors: not a whole safetensors file"):
            get("me/model", commit_of("me/model"), tmp_path)


def test_rows_of_a_cached_data_set_become_problems(cache: Path, tmp_path: Path) -> None:
    put(cache, "dataset", "me/rows", write_dataset(tmp_path / "rows", ROWS))
    home = Source(repo="me/rows", config="main", split="test", revision=commit_of("me/rows"))
    found = load("easy", "gsm8k", home, limit=5, seed=1)
    assert len(found) == 5 and {row["source"] for row in found} == {"gsm8k"}
    assert all(row["problem"].startswith(f"What is {int(row['answer']) - 1} ") for row in found)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"revision": OTHER}, NotFetched, r"datasets\.easy\.hub: could not get dataset me/rows at revision 0{40}"),
        ({"repo": "me/none"}, NotFetched, r"`hf download me/none --repo-type dataset --revision .*data_folder=FOLDER"),
        (
            {"config": "socratic"},
            UserError,
            r"datasets\.easy\.hub: could not read me/rows .config socratic.*'socratic'",
        ),
        ({"split": "train"}, UserError, r"datasets\.easy\.hub: could not read .*split train.*Bad split"),
    ],
)
def test_what_is_not_in_the_cache_is_named(
    cache: Path, tmp_path: Path, change: dict[str, str], error: type[UserError], message: str
) -> None:
    """Above all: not another revision, which the library would take by itself."""
    put(cache, "dataset", "me/rows", write_dataset(tmp_path / "rows", ROWS))
    load("easy", "gsm8k", Source(None, "me/rows", "main", "test", commit_of("me/rows")), limit=5)
    home = {"repo": "me/rows", "config": "main", "split": "test", "revision": commit_of("me/rows")} | change
    with pytest.raises(error, match=message):
        load("easy", "gsm8k", Source(**home), limit=5)  # type: ignore[arg-type]


def test_rows_are_those_that_are_there_now(cache: Path, tmp_path: Path) -> None:
    """A folder that was fetched in part, read, and then fetched whole."""
    snapshot = put(cache, "dataset", "me/rows", write_dataset(tmp_path / "rows", ROWS))
    home = Source(repo="me/rows", config="main", split="test", revision=commit_of("me/rows"))
    whole = (snapshot / "main" / "test.jsonl").read_text()
    (snapshot / "main" / "test.jsonl").write_text("".join(whole.splitlines(keepends=True)[:3]))
    assert len(load("easy", "gsm8k", home, limit=100)) == 3
    (snapshot / "main" / "test.jsonl").write_text(whole)
    assert len(load("easy", "gsm8k", home, limit=100)) == len(ROWS)


@pytest.mark.parametrize("broken", ["{", "[1, 2]\n", '{"question": 1}\n{"question": "?"}\n'])
def test_rows_that_can_not_be_read_are_an_error_of_the_data_set(cache: Path, tmp_path: Path, broken: str) -> None:
    snapshot = put(cache, "dataset", "me/rows", write_dataset(tmp_path / "rows", ROWS))
    (snapshot / "main" / "test.jsonl").write_text(broken)
    with pytest.raises(UserError, match=r"datasets\.easy\.hub: could not read|: not a row of gsm8k"):
        load("easy", "gsm8k", Source(None, "me/rows", "main", "test", commit_of("me/rows")), limit=5)


class Refusing(BaseHTTPRequestHandler):
    """A hub that answers every question with the error that the repository's name asks for, as the real one does."""

    def do_GET(self) -> None:
        status, code = {"gated": (403, "GatedRepo"), "missing": (404, "RepoNotFound")}.get(
            self.path.split("/")[4], (404, "RevisionNotFound")
        )
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    yield
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("kind", ["model", "dataset"])
@pytest.mark.parametrize(
    ("repo", "error", "message"),
    [
        ("me/fine", MissingFile, r"the.key\.revision: {kind} me/fine has no revision 0{{40}} on the hub; .*`make pin"),
        ("me/missing", MissingFile, r"the.key\.repo: there is no {kind} me/missing on the hub, or it is private"),
        ("me/gated", MissingFile, r"the.key: {kind} me/gated is gated; accept its terms"),
        ("me//x", MissingFile, r"the.key\.repo: 'me//x' is no name of a repository"),
    ],
)
def test_what_the_hub_refuses_is_told_apart(
    hub: None, kind: str, repo: str, error: type[UserError], message: str
) -> None:
    with pytest.raises(UserError, match=message.format(kind=kind)) as said:
        snapshot(kind, repo, OTHER, "the.key")  # type: ignore[arg-type]
    assert type(said.value) is error
    assert "\n" not in str(said.value)


def test_an_unresolved_revision_is_never_asked_for(cache: Path) -> None:
    with pytest.raises(UserError, match=r"bases\.small\.revision: unresolved; pin it with `make pin"):
        snapshot("model", "me/model", "unresolved", "bases.small")
