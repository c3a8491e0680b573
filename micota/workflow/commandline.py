"""What Snakemake would drop without a word: an option that is given twice, or by a profile and by the command line.

Of an option that takes several values, Python's argparse keeps those of the last time it is given, and what a profile
says for an option is replaced by the command line, or by another profile, not joined with it.
"""

import argparse
import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from micota.common.errors import ConfigurationError

SEVERAL = (argparse.ONE_OR_MORE, argparse.ZERO_OR_MORE)
COMMAND_LINE = "the command line"
# Options whose words are `key=value`.
PAIRS = {
    "config", "consider_ancient", "default_resources", "group_components", "groups", "resources", "set_resource_scopes",
    "set_resources", "set_scatter", "set_threads",
}  # fmt: skip
# Given one of these, Snakemake shows or tidies something and starts no job.
LOOKING = {
    "archive", "cleanup_metadata", "cleanup_shadow", "conda_cleanup_envs", "conda_create_envs_only",
    "container_cleanup_images", "containerize", "d3dag", "dag", "delete_all_output", "delete_temp_output",
    "detailed_summary", "dryrun", "filegraph", "generate_unit_tests", "lint", "list_changes", "list_conda_envs",
    "list_input_changes", "list_params_changes", "list_rules", "list_target_rules", "list_untracked",
    "print_compilation", "report", "rulegraph", "summary", "unlock",
}  # fmt: skip

Given = dict[str, list[list[str]]]  # option, by the name of its value in Snakemake -> its words, each time it is given
Settings = dict[str, list[str]]  # option -> its words


def checked_options(
    parser: argparse.ArgumentParser, arguments: Sequence[str], project: Path, find: Callable[[str], Any], reader: Any
) -> set[str]:
    """The options on Snakemake's command line; UserError if a part of what it or a profile says would be dropped.

    `parser`, `find` (a profile's name -> its folder and file) and `reader` (of such a file) are Snakemake's own.
    """
    given = given_options(parser, arguments)
    check_repeated(parser, given)
    profiles = {}
    for path in profile_files(given, project, find):
        with path.open(encoding="utf-8") as handle:
            profiles[str(path)] = as_settings(parser, reader.parse(handle))
    check_profiles(profiles, given)
    return set(given)


def given_options(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> Given:
    """The options of a command line; `arguments` without the program's name."""
    given: Given = {}
    words: list[str] = []
    for argument in arguments:
        if argument == "--":
            break
        action, glued = named_action(parser, argument)
        if action is None:
            words.append(argument)
        else:
            words = [] if glued is None else [glued]
            given.setdefault(action.dest, []).append(words)
    return given


def named_action(parser: argparse.ArgumentParser, word: str) -> tuple[argparse.Action | None, str | None]:
    """The option that a word names, as argparse sees it (abbreviated, or with a value glued on), and that value."""
    options = parser._option_string_actions
    if word in options:
        return options[word], None
    name, equals, value = word.partition("=")
    if name.startswith("--"):
        found = [options[name]] if name in options else [options[known] for known in options if known.startswith(name)]
        return (found[0], value if equals else None) if found else (None, None)
    if name.startswith("-") and word[:2] in options:
        return options[word[:2]], word[2:]
    return None, None


def check_repeated(parser: argparse.ArgumentParser, given: Given) -> None:
    """Refuse an option of several values, or a key in one, that is given twice: Snakemake keeps the last one alone."""
    for action in parser._actions:
        times = given.get(action.dest, [])
        if action.nargs not in SEVERAL or not times:
            continue
        option = action.option_strings[0]
        if len(times) > 1:
            joined = shlex.join(dict.fromkeys(word for words in times for word in words))
            raise ConfigurationError(
                f"{option} stands {len(times)} times on the command line, of which Snakemake keeps the last one alone."
                f" Give it once: {option} {joined}"
            )
        # Blocks of one key, {...}, are merged.
        pairs = [word.partition("=") for word in times[0] if action.dest in PAIRS]
        keys = [key for key, _, value in pairs if not value.startswith("{")]
        if twice := [key for key in keys if keys.count(key) > 1]:
            raise ConfigurationError(f"{option}: {twice[0]} stands there twice, and Snakemake keeps the last one alone")


def profile_files(given: Given, project: Path, find: Callable[[str], Any]) -> list[Path]:
    """The files of the profiles that Snakemake takes, the last one wins; `find` is its own search for one by name."""
    named = [word for words in given.get("profile", []) for word in words[:1]]
    named = named or list(filter(None, [os.environ.get("SNAKEMAKE_PROFILE")]))
    own = given["workflow_profile"][-1][0] if given.get("workflow_profile") else "default"
    places = [Path(own), Path("profiles") / own, project / "profiles" / own]
    found = [find(name) for name in named if name != "none"]
    found += [find(str(place)) for place in places if own != "none" and place.exists()][:1]
    return [entry[1] for entry in found if entry]


def as_settings(parser: argparse.ArgumentParser, profile: Mapping[str, Any]) -> Settings:
    """What a profile sets, as its options' words."""
    actions = {key: named_action(parser, f"--{key}")[0] for key in profile}
    values = {key: value if isinstance(value, list) else [value] for key, value in profile.items()}
    return {action.dest: list(map(str, values[key])) for key, action in actions.items() if action}


def check_profiles(profiles: Mapping[str, Settings], given: Given) -> None:
    """Refuse a profile of whose settings some would be dropped; `profiles` in Snakemake's order, the last one wins.

    A command line that sets the same option otherwise overrules a profile, as it should. What it may not do is to drop
    `key=value` pairs that it says nothing of.
    """
    sources = {**profiles, COMMAND_LINE: {option: words for option, times in given.items() for words in times}}
    for number, (source, settings) in enumerate(sources.items()):
        later = list(sources.items())[number + 1 :]
        for option, words in settings.items():
            over = [(name, others[option]) for name, others in later if option in others]
            if not over:
                continue
            winner, kept = over[-1]
            keys = {word.partition("=")[0] for word in kept}
            if winner == COMMAND_LINE:
                lost = [word for word in words if option in PAIRS and word.partition("=")[0] not in keys]
            else:
                lost = [word for word in words if word not in kept] if option in PAIRS else words * (words != kept)
            if lost:
                flag = f"--{option.replace('_', '-')}"
                joined = shlex.join([*lost, *kept] if option in PAIRS else words)
                raise ConfigurationError(
                    f"{source} sets {flag} {shlex.join(lost)}, which Snakemake drops: {winner} sets {flag} too, and"
                    f" wins. Give all of it on the command line: {flag} {joined}"
                )
