"""What every block of settings is made of: closed classes, names, seeds, and one line for each fault.

A class of settings stands in the room that reads it. It gives the keys of the YAML, their ranges and defaults, the JSON
schema and the flags of programs (micota/common/flags.py); a fault is said in the same words wherever it is found.

Most settings shape a result: its identity. A field that is marked says what a change of it does to a finished result.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

WORDS = {"null": None, "~": None, "true": True, "false": False}  # of YAML, in any case
INTEGER = re.compile(r"[-+]?[0-9]+")
NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
FIELD = re.compile(r"[a-z_]+: ")  # a message that begins with its key
NUMERIC = {"int_type", "float_type"}  # pydantic's names of the faults of something that is no number

Attention = Literal["sdpa", "eager", "flash_attention_2"]
Dtype = Literal["float32", "bfloat16"]
# No hyphen: model names such as `small-mid-s0` are made of names joined by hyphens.
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Seed = Annotated[int, Field(ge=0, lt=2**32)]  # what every library takes
# An empty one would end every completion before it begins.
StopString = Annotated[str, Field(min_length=1)]


def each_once(values: list[Any]) -> list[Any]:
    """The values, if none stands there twice; ValueError names one that does."""
    for place, value in enumerate(values):
        if value in values[:place]:
            raise ValueError(f"{value} stands there more than once")
    return values


Names = Annotated[list[Name], AfterValidator(each_once)]


S = TypeVar("S", bound="Closed")

# What a change of a field does to a finished result: nothing, or another rounding of the last digits. Neither makes a
# finished result, a chunk or a checkpoint void; with which rounding it was made is recorded beside it.
EXECUTION: dict[str, Any] = {"changes": "nothing"}
ROUNDING: dict[str, Any] = {"changes": "rounding"}


class Closed(BaseModel):
    """Settings: unknown keys are errors, and nothing is converted silently, so `"1e-5"` is no number, nor is `.inf`."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
    renamed: ClassVar[dict[str, str]] = {}  # a key of older configurations -> what it is called now

    @model_validator(mode="before")
    @classmethod
    def has_no_older_key(cls, given: Any) -> Any:
        """Say the new name, where "unknown key" would leave the reader to search for it."""
        for old, new in cls.renamed.items():
            if isinstance(given, dict) and old in given:
                raise ValueError(f"{old}: this key is called {new} now")
        return given

    def but(self, **changes: Any) -> Self:
        """The same settings with changes, which are checked."""
        return type(self)(**(dict(self) | changes))


def changes(kind: type[Closed], name: str) -> str | None:
    """What a change of a field does to a finished result: "nothing", "rounding", or None where it makes another one."""
    extra = kind.model_fields[name].json_schema_extra
    found = extra.get("changes") if isinstance(extra, dict) else None
    return found if isinstance(found, str) else None


def identity(settings: Any) -> Any:
    """Settings as builtin values, without those that do not shape a result: what re-runs and keys hang on.

    What is not set (None) is left out, so that a setting which is added later makes nothing void.
    """
    if isinstance(settings, Closed):
        kept = {name: value for name, value in settings if changes(type(settings), name) is None}
        return {name: identity(value) for name, value in kept.items() if value is not None}
    if isinstance(settings, dict):
        return {name: identity(value) for name, value in settings.items()}
    return [identity(value) for value in settings] if isinstance(settings, list | tuple) else settings


def laid_over(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    """Two trees of settings as Snakemake merges configurations: blocks key by key, all else as the upper one has it."""
    merged = dict(lower)
    for key, value in upper.items():
        below = merged.get(key)
        merged[key] = laid_over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def differences(made: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    """What was made otherwise than it is asked for, in words; empty where nothing was."""
    return ", ".join(
        f"{name} {value}, asked for {asked[name]}"
        for name, value in made.items()
        if name in asked and asked[name] != value
    )


def rounding(settings: Closed) -> dict[str, Any]:
    """The settings that move a result's last digits alone: recorded with it."""
    return {name: value for name, value in settings if changes(type(settings), name) == "rounding"}


def explained(fault: Any) -> tuple[tuple[int | str, ...], str]:
    """Where a fault of the schema is, by keys, and what is wrong there."""
    place, found = fault["loc"], fault["input"]
    if fault["type"] == "extra_forbidden":
        return place, "unknown key; see micota/study/config.py for the keys there are"
    if fault["type"] == "value_error" and isinstance(found, dict):  # of several keys together
        message = str(fault["ctx"]["error"])
        key, _, words = message.partition(": ")
        return ((*place, key), words) if FIELD.match(message) else (place, message)
    words = fault["msg"]
    if fault["type"] != "missing":
        words += f", found {found!r}"
    if fault["type"] in NUMERIC and isinstance(found, str) and NUMBER.fullmatch(found):
        words += " (YAML reads 1e-5 as text: write 1.0e-5, without quotes)"
    if fault["type"] == "string_type" and type(found) in (int, float):
        words += f' (a text: write it in quotes, "{found}")'
    return place, words


def explain(fault: Any) -> str:
    """One line for one fault of the schema."""
    place, words = explained(fault)
    return f"  {'.'.join(map(str, place))}: {words}" if place else words


def scalar(text: str) -> Any:
    """The number, truth value or null, as YAML 1.2 writes them, that a text looks like; else the text."""
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    if INTEGER.fullmatch(text):
        return int(text)
    return float(text) if NUMBER.fullmatch(text) else text
