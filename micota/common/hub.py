"""One revision of a model or a data set on the Hugging Face Hub, as a folder in the hub's local cache.

A commit that lies in the cache (`$HF_HOME/hub/models--OWNER--NAME/snapshots/COMMIT`, where `hf download` puts it) is
taken from there; with HF_HUB_OFFLINE=1 nothing is asked of the network. Data sets come this way too: `load_dataset`
by name, offline, takes whichever version it has met last, whatever the revision.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from micota.common.errors import MissingFile

UNRESOLVED = "unresolved"  # stands in a configuration where a commit is to be pinned


class NotFetched(MissingFile):
    """Not in the local cache, and the hub cannot be asked: whether it exists is not known."""


def snapshot(
    kind: Literal["model", "dataset"],
    repo: str,
    revision: str,
    key: str,
    patterns: Sequence[str] | None = None,
    ignored: Sequence[str] | None = None,
) -> Path:
    """The folder of a repository at one revision; files that are not there yet are downloaded.

    All of them, or those that match one of the `patterns` and none of the `ignored`; a `*` there matches a `/` too.
    `key` is the configuration's block that names it, for the messages. Raises NotFetched where the files are not in the
    cache and the hub is out of reach, and UserError where the hub says that there is no such thing.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    if revision == UNRESOLVED:
        raise MissingFile(f"{key}.revision: unresolved; pin it with `make pin STUDY=...`, or write a commit of {repo}")
    try:
        return Path(
            snapshot_download(
                repo,
                repo_type=kind,
                revision=revision,
                allow_patterns=list(patterns) if patterns else None,
                ignore_patterns=list(ignored) if ignored else None,
            )
        )
    except HFValidationError as error:
        raise MissingFile(f"{key}.repo: {repo!r} is no name of a repository: {reason(error)}") from None
    except GatedRepoError:
        raise MissingFile(
            f"{key}: {kind} {repo} is gated; accept its terms on its page, then `hf auth login` on this machine"
        ) from None
    except RevisionNotFoundError:
        raise MissingFile(
            f"{key}.revision: {kind} {repo} has no revision {revision} on the hub; write a commit of its page"
            " (Files and versions, History), or `unresolved` and `make pin STUDY=...`"
        ) from None
    except RepositoryNotFoundError:
        raise MissingFile(
            f"{key}.repo: there is no {kind} {repo} on the hub, or it is private (`hf auth login`)"
        ) from None
    except (HfHubHTTPError, OSError) as error:
        raise out_of_reach(kind, repo, revision, key, error) from None


def out_of_reach(kind: str, repo: str, revision: str, key: str, error: Exception) -> NotFetched:
    """What to say where the cache has no such thing and the hub does not answer."""
    from huggingface_hub import constants

    flag = " --repo-type dataset" if kind == "dataset" else ""
    otherwise = {
        "model": f"set `source: local` and `path:` under {key}",
        "dataset": "give a local copy: --config data_folder=FOLDER, with the file that `path:` names",
    }[kind]
    return NotFetched(
        f"{key}: could not get {kind} {repo} at revision {revision}: it is not, or not whole, in the cache"
        f" {constants.HF_HUB_CACHE}, and the hub does not answer ({reason(error)}). Where there is a network:"
        f" `hf download {repo}{flag} --revision {revision}`; or {otherwise}"
    )


def cached(repo: str, revision: str) -> Path | None:
    """The folder of a model at one revision in the local cache, if its configuration lies there; asks nobody."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(repo, "config.json", revision=revision)
    except HFValidationError:  # no name of a repository
        return None
    return Path(found).parent if isinstance(found, str) else None


def licence_fields(folder: Path) -> dict[str, str]:
    """What the card (README.md) of a model or data set says of its licence, by the Hub's fields; none if nothing."""
    import yaml

    card = folder / "README.md"
    if not card.is_file():
        return {}
    _, _, rest = card.read_text(encoding="utf-8", errors="replace").partition("---\n")
    front, mark, _ = rest.partition("\n---")
    try:
        fields = yaml.safe_load(front) if mark else None
    except yaml.YAMLError:
        return {}
    if not isinstance(fields, dict) or not fields.get("license"):
        return {}
    return {key: str(fields[key]) for key in ("license", "license_name", "license_link") if fields.get(key)}


def licence(folder: Path) -> str | None:
    """The same in a line; None if the card says nothing."""
    return " ".join(licence_fields(folder).values()) or None


def reason(error: Exception) -> str:
    """An error in one line of bounded length."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:200]
