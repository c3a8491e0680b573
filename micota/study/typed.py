"""The types of what stands on Snakemake's command line, where nothing that is nested has one.

Of `--config 'merges=[{weights: [0.4]}]'` Snakemake makes the text '0.4'.
"""

from collections.abc import Mapping
from typing import Any

from micota.common.settings import scalar


def with_types(tree: Any) -> Any:
    """A tree of texts in which null, truth values and numbers, as YAML 1.2 writes them, are what they look like."""
    if isinstance(tree, Mapping):
        return {key: with_types(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [with_types(value) for value in tree]
    return scalar(tree) if isinstance(tree, str) else tree


def place_of(loc: tuple[int | str, ...], tree: Any) -> list[int | str]:
    """The keys that lead to where pydantic found a fault; none if the tree has no single value there.

    Between the keys pydantic names the kind of a block that may be of several kinds; such names are left out.
    """
    place: list[int | str] = []
    for key in loc:
        if key in keys_of(tree):
            place.append(key)
            tree = tree[key]
    return [] if keys_of(tree) else place


def keys_of(tree: Any) -> Any:
    """The keys of a block, the positions of a list; none of a single value."""
    return range(len(tree)) if isinstance(tree, list) else tree if isinstance(tree, Mapping) else ()


def at(tree: Any, place: list[int | str]) -> Any:
    """The value at a place."""
    for key in place:
        tree = tree[key]
    return tree


def put(tree: Any, place: list[int | str], value: Any) -> None:
    """Set the value at a place."""
    at(tree, place[:-1])[place[-1]] = value
