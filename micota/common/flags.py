"""A class of settings as flags of a program: `--learning-rate 1e-5`, with the field's own words, range and default.

A program takes a study's settings by name (`--study`), and flags go over them; by hand, flags alone will do.
"""

import argparse
import json
from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import TypeAdapter, ValidationError

from micota.common.cli import UserError
from micota.common.settings import FIELD, Closed, explain, laid_over

S = TypeVar("S", bound=Closed)


def add_flags(parser: Any, kind: type[Closed], prefix: str = "", title: str | None = None) -> None:
    """A flag for each field of a class of settings, and of the settings that it holds, those behind their field's name.

    `prefix` stands before all of them (`prompt_`: `--prompt-user`). What is not given is not in the parsed arguments.
    """
    group = parser.add_argument_group(title or f"settings ({kind.__name__}), over those of the study")
    for name, field in kind.model_fields.items():
        if (inner := held(field.annotation)) is not None:
            add_flags(parser, inner, f"{prefix}{name}_", title or f"{name} ({inner.__name__})")
            continue
        many: dict[str, Any] = {"nargs": "*"} if get_origin(bare(field.annotation)) in (list, dict) else {}
        if get_origin(bare(field.annotation)) is dict:
            many["metavar"] = "NAME=VALUE"
        help_ = (field.description or "").replace("%", "%%")
        group.add_argument(flag(prefix, name), dest=f"{prefix}{name}", help=help_, default=argparse.SUPPRESS, **many)


def with_flags(kind: type[S], given: Closed | None, args: argparse.Namespace, prefix: str = "", **more: Any) -> S:
    """A study's settings with the flags over them, or flags alone; UserError names every flag that does not fit.

    `given` may hold more than the settings that are asked for. `more` are fields that are known otherwise.
    """
    values = (given.model_dump(include=set(kind.model_fields)) if given else {}) | more
    told = taken(kind, args, prefix)
    try:
        return kind.model_validate(laid_over(values, told))
    except ValidationError as error:
        raise UserError("; ".join(said(fault, told, prefix) for fault in error.errors())) from None


def any_flag(kind: type[Closed], args: argparse.Namespace, prefix: str = "") -> bool:
    """Whether one of the settings is given as a flag."""
    return bool(taken(kind, args, prefix))


def as_flags(settings: Mapping[str, Any], prefix: str = "") -> list[str]:
    """The words of a command line that give settings: the other way round."""
    words: list[str] = []
    for name, value in settings.items():
        if isinstance(value, Mapping) and all(isinstance(part, int | float) for part in value.values()):
            words += [flag(prefix, name), *(f"{key}={part}" for key, part in value.items())]
        elif isinstance(value, Mapping):
            words += as_flags(value, f"{prefix}{name}_")
        else:
            parts = value if isinstance(value, list | tuple) else ["null" if value is None else value]
            words += [flag(prefix, name), *map(str, parts)]
    return words


def taken(kind: type[Closed], args: argparse.Namespace, prefix: str) -> dict[str, Any]:
    """The given flags, by field, as the fields' types have them."""
    found: dict[str, Any] = {}
    for name, field in kind.model_fields.items():
        if (inner := held(field.annotation)) is not None:
            if told := taken(inner, args, f"{prefix}{name}_"):
                found[name] = told
        elif f"{prefix}{name}" in args:
            found[name] = typed(bare(field.annotation), getattr(args, f"{prefix}{name}"), field.annotation)
    return found


def typed(kind: Any, text: Any, annotation: Any) -> Any:
    """A flag's text as a type has it (1e-5, true, cosine); as it stands where it is none: the schema says why."""
    if text == "null" and NoneType in get_args(annotation):
        return None
    if get_origin(kind) is list:
        return [typed(get_args(kind)[0], part, None) for part in text]
    if get_origin(kind) is dict:
        pairs = [part.partition("=") for part in text]
        values = unmarked(bare(get_args(kind)[1]))
        if get_origin(values) is not list:
            return {name: typed(values, value, None) for name, _, value in pairs}
        names = dict.fromkeys(name for name, _, _ in pairs)  # a name stands there once for each of its values
        return {name: typed(values, [value for other, _, value in pairs if other == name], None) for name in names}
    if get_origin(kind) is UnionType:
        return scalar(text)
    try:
        return TypeAdapter(kind).validate_strings(text)
    except ValidationError:
        return text


def scalar(text: str) -> Any:
    """A text that may stand for values of several types: a number, true, false or null where it reads as JSON's."""
    try:
        value = json.loads(text, parse_constant=str)
    except json.JSONDecodeError:
        return text
    return text if isinstance(value, dict | list) else value


def unmarked(annotation: Any) -> Any:
    """A type without what a schema adds to it."""
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def bare(annotation: Any) -> Any:
    """A type without None."""
    kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
    return kinds[0] if NoneType in get_args(annotation) and len(kinds) == 1 else annotation


def held(annotation: Any) -> type[Closed] | None:
    """The class of the settings that a field holds, if it holds settings."""
    kind = bare(annotation)
    return kind if isinstance(kind, type) and issubclass(kind, Closed) else None


def flag(prefix: str, name: str) -> str:
    """The flag of a field; what may stand behind the field's name stays behind it."""
    field, colon, rest = name.partition(":")
    return "--" + f"{prefix}{field}".replace("_", "-") + colon + rest


def said(fault: Any, told: Mapping[str, Any], prefix: str) -> str:
    """A fault in the schema's words, by the flag where it was given by one, or is to be."""
    line = explain(fault).strip()
    if not fault["loc"]:  # of several settings together
        return flag(prefix, line) if FIELD.match(line) else line
    key, _, words = line.partition(": ")
    given = fault["type"] == "missing" or fault["loc"][0] in told
    return f"{flag(prefix, key.replace('.', '_'))}: {words}" if given else line
