"""A class of settings as flags of a program: `--learning-rate 1e-5`, with the field's own words, range and default.

A program takes a study's settings by name (`--study`), and flags go over them; by hand, flags alone will do.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from micota.common.errors import ConfigurationError
from micota.common.settings import Closed, explained, scalar

S = TypeVar("S", bound=Closed)

SIGNS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}  # what pydantic calls a bound, and how it reads


def add_flags(parser: Any, kind: type[Closed], prefix: str = "", title: str | None = None) -> None:
    """A flag for each field of a class of settings, and of the settings that it holds, those behind their field's name.

    `prefix` stands before all of them (`prompt_`: `--prompt-user`). What is not given is not in the parsed arguments.
    """
    group = parser.add_argument_group(title or f"settings ({kind.__name__}), over those of the study")
    for name, field in kind.model_fields.items():
        if (inner := held(field)) is not None:
            add_flags(parser, inner, f"{prefix}{name}_", title or f"{name} ({inner.__name__})")
            continue
        form = get_origin(plain(field.annotation))
        many: dict[str, Any] = {"nargs": "*"} if form in (list, dict) else {}
        if form is dict:
            many["metavar"] = "NAME=VALUE"
        help_ = described(field).replace("%", "%%")
        group.add_argument(flag(prefix, name), dest=f"{prefix}{name}", help=help_, default=argparse.SUPPRESS, **many)


def with_flags(kind: type[S], given: Closed | None, args: argparse.Namespace, prefix: str = "") -> S:
    """A study's settings with the flags over them, or flags alone; UserError names every flag that does not fit.

    `given` may hold more than the settings that are asked for. A flag of several values stands for all of its field.
    """
    values = given.model_dump(include=set(kind.model_fields)) if given else {}
    try:
        return kind.model_validate(over(kind, values, taken(kind, args, prefix)))
    except ValidationError as error:
        raise ConfigurationError("; ".join(said(kind, fault, prefix) for fault in error.errors())) from None


def as_flags(settings: Mapping[str, Any], prefix: str = "") -> list[str]:
    """The words of a command line that give settings: the other way round."""
    words: list[str] = []
    for name, value in settings.items():
        if isinstance(value, Mapping) and all(isinstance(part, int | float) for part in value.values()):
            words += [flag(prefix, name), *(f"{key}={part}" for key, part in value.items())]
        elif isinstance(value, Mapping):
            words += as_flags(value, f"{prefix}{name}_")
        else:
            parts = value if isinstance(value, list | tuple) else [value]
            words += [flag(prefix, name), *(part if isinstance(part, str) else json.dumps(part) for part in parts)]
    return words


def taken(kind: type[Closed], args: argparse.Namespace, prefix: str) -> dict[str, Any]:
    """The given flags, by field, as the fields' types have them; UserError for a pair that is none."""
    found: dict[str, Any] = {}
    for name, field in kind.model_fields.items():
        if (inner := held(field)) is not None:
            if told := taken(inner, args, f"{prefix}{name}_"):
                found[name] = told
        elif f"{prefix}{name}" in args:
            try:
                found[name] = typed(field.annotation, getattr(args, f"{prefix}{name}"))
            except ValueError as error:
                raise ConfigurationError(f"{flag(prefix, name)}: {error}") from None
    return found


def over(kind: type[Closed], values: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with others over them, field by field, also of the settings that they hold."""
    found = dict(values)
    for name, value in told.items():
        inner = held(kind.model_fields[name])
        found[name] = over(inner, found.get(name) or {}, value) if inner else value
    return found


def typed(annotation: Any, given: Any) -> Any:
    """What stands on the command line as a type has it, where it looks like that; if not, the schema says why."""
    kind = plain(annotation)
    if kind != annotation and NoneType in get_args(annotation) and given in ("null", ["null"]):
        return None
    if get_origin(kind) is list:
        return [typed(get_args(kind)[0], text) for text in given]
    if get_origin(kind) is dict:
        return pairs(get_args(kind)[1], given)
    return given if kind is str or get_origin(kind) is Literal else scalar(given)


def pairs(annotation: Any, given: Sequence[str]) -> dict[str, Any]:
    """NAME=VALUE, each name once; where a name has a list of values, once for each of them."""
    many = get_origin(plain(annotation)) is list
    found: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise ValueError(f"write NAME=VALUE, found {text!r}")
        if name in found and not many:
            raise ValueError(f"{name} stands there more than once")
        found[name] = [*found.get(name, []), value] if many else value
    return {name: typed(annotation, value) for name, value in found.items()}


def plain(annotation: Any) -> Any:
    """A type without None, and without what a schema adds to it."""
    if get_origin(annotation) is Annotated:
        return plain(get_args(annotation)[0])
    kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
    optional = get_origin(annotation) in (Union, UnionType) and len(kinds) == 1
    return plain(kinds[0]) if optional else annotation


def held(field: FieldInfo) -> type[Closed] | None:
    """The class of the settings that a field holds, if it holds settings."""
    kind = plain(field.annotation)
    return kind if isinstance(kind, type) and issubclass(kind, Closed) else None


def described(field: FieldInfo) -> str:
    """A field's own words, with what it may be and its default."""
    kind = plain(field.annotation)
    allowed = " | ".join(get_args(kind)) if get_origin(kind) is Literal else ""
    shown = ""
    if not field.is_required() and field.default not in ([], {}):
        shown = f"default {field.default if isinstance(field.default, str) else json.dumps(field.default)}"
    more = "; ".join(part for part in (allowed, ", ".join(bounds(field)), shown) if part)
    return " ".join(part for part in (field.description, f"({more})" if more else "") if part)


def bounds(field: FieldInfo) -> list[str]:
    """The bounds of a field's numbers."""
    parts = [field, *(mark for part in get_args(field.annotation) for mark in getattr(part, "__metadata__", ()))]
    marks = [mark for part in parts if isinstance(part, FieldInfo) for mark in part.metadata]
    return [f"{sign} {getattr(mark, name)}" for mark in marks for name, sign in SIGNS.items() if hasattr(mark, name)]


def flag(prefix: str, name: str) -> str:
    """The flag of a field."""
    return "--" + f"{prefix}{name}".replace("_", "-")


def said(kind: type[Closed], fault: Any, prefix: str) -> str:
    """A fault in the schema's words, by the flag of the setting that it is about."""
    place, words = explained(fault)
    return f"{flag_at(kind, place, prefix)}: {words}" if place else words


def flag_at(kind: type[Closed], place: Sequence[int | str], prefix: str) -> str:
    """The flag of a setting, with the name of the pair where it is one of several; `--options-*` for a block."""
    name, *rest = place
    inner = held(kind.model_fields[str(name)])
    if inner is None:
        return " ".join([flag(prefix, str(name)), *(part for part in rest if isinstance(part, str))])
    return flag_at(inner, rest, f"{prefix}{name}_") if rest else flag(prefix, f"{name}_*")
