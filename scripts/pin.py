"""Pin the hub revisions of a configuration: put the commit of today in the place of every `revision: unresolved`.

    python -m scripts.pin --config config/paper.yaml

Needs a network. Each repository is looked up once: a data set under `datasets`, a model under any other block (`bases`,
`external_models`); the file is changed in place, in these words alone, and nothing is written unless all of
them were found.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from micota.common.cli import Parser, run
from micota.common.errors import ConfigurationError, MissingFile
from micota.common.files import whole
from micota.common.hub import UNRESOLVED


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, required=True, help="a study's configuration, changed in place")
    parser.add_argument("--endpoint", help="another hub than the official one")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Find, look up, replace."""
    args = parse_args(argv)
    if not args.config.is_file():
        raise MissingFile(f"{args.config}: no such file")
    text = args.config.read_text(encoding="utf-8")
    places = list(unresolved(yaml.compose(text, yaml.SafeLoader)))
    if not places:
        print(f"{args.config}: every revision is pinned")
        return
    from huggingface_hub import HfApi

    commits = look_up(HfApi(endpoint=args.endpoint), sorted({(kind, repo) for kind, repo, _, _ in places}))
    with whole(args.config) as handle:
        handle.write(pinned(text, places, commits))
    for (kind, repo), commit in commits.items():
        print(f"{args.config}: {kind} {repo} at {commit}")


def unresolved(document: yaml.Node | None) -> Iterator[tuple[str, str, int, int]]:
    """Kind, repository and the place in the text of every revision to be pinned, each place once."""
    seen: set[int] = set()

    def look(node: yaml.Node, kind: str) -> Iterator[tuple[str, str, int, int]]:
        if isinstance(node, yaml.MappingNode):
            values = {key.value: value for key, value in node.value}
            repo, revision = values.get("repo"), values.get("revision")
            if repo is not None and revision is not None and revision.value == UNRESOLVED:
                start, end = revision.start_mark.index, revision.end_mark.index
                if start not in seen:
                    seen.add(start)
                    yield kind, repo.value, start, end
            for value in values.values():
                yield from look(value, kind)

    if isinstance(document, yaml.MappingNode):
        for key, block in document.value:
            yield from look(block, "dataset" if key.value == "datasets" else "model")


def look_up(api: Any, repos: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The newest commit of each repository; UserError names all that could not be looked up."""
    commits: dict[tuple[str, str], str] = {}
    failed = []
    for kind, repo in repos:
        try:
            commits[kind, repo] = api.repo_info(repo, repo_type=kind).sha
        except Exception as error:  # the hub's client has errors of its own, those of its HTTP library, and OSError
            failed.append(f"  {kind} {repo}: {type(error).__name__}: {' '.join(str(error).split())[:200]}")
    if failed:
        raise ConfigurationError(
            "could not look up these revisions on the hub; nothing was changed:\n" + "\n".join(failed)
        )
    return commits


def pinned(text: str, places: Sequence[tuple[str, str, int, int]], commits: dict[tuple[str, str], str]) -> str:
    """The text with the commits in their places, from the last to the first so that places stay where they are."""
    for kind, repo, start, end in sorted(places, key=lambda place: -place[2]):
        text = text[:start] + commits[kind, repo] + text[end:]
    return text


if __name__ == "__main__":
    run(main)
