"""What every block of settings is made of: closed classes, names, seeds, and one line for each fault.

A class of settings stands in the room that reads it. It gives the keys of the YAML, their ranges and defaults, and the
form of a program's JSON flag alike; a fault is said in the same words wherever it is found.
"""

import re
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from micota.common.cli import UserError

NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
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


class Closed(BaseModel):
    """Settings: unknown keys are errors, and nothing is converted silently, so `"1e-5"` is no number, nor is `.inf`."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    def but(self, **changes: Any) -> Self:
        """The same settings with changes, which are checked."""
        return type(self)(**(dict(self) | changes))


def checked(kind: type[S], given: Any, where: str) -> S:
    """Settings of a kind from a program's JSON flag, `where`; UserError names every fault in one line."""
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise UserError(f"{where}: " + "; ".join(explain(fault).strip() for fault in error.errors())) from None


def explain(fault: Any) -> str:
    """One line for one fault of the schema."""
    key = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"  {key}: unknown key; see micota/study/config.py for the keys there are"
    line = f"  {key}: {fault['msg']}"
    if fault["type"] != "missing":
        line += f", found {fault['input']!r}"
    if fault["type"] in NUMERIC and isinstance(fault["input"], str) and NUMBER.fullmatch(fault["input"]):
        line += " (YAML reads 1e-5 as text: write 1.0e-5, without quotes)"
    if fault["type"] == "string_type" and type(fault["input"]) in (int, float):
        line += f' (a text: write it in quotes, "{fault["input"]}")'
    return line
