"""What a study says of its models: the bases, where each comes from, and the merges of tuned ones."""

from typing import Annotated, Literal

from pydantic import Field

from micota.common.settings import EXECUTION, Closed, Name, Seed
from micota.problems.settings import Demonstrations


class Shape(Closed):
    hidden_size: int = Field(ge=1)
    intermediate_size: int = Field(ge=1)
    layers: int = Field(ge=1)
    heads: int = Field(ge=1)


class LocalBase(Closed):
    source: Literal["local"]
    path: str


class HubBase(Closed):
    source: Literal["hub"]
    repo: str
    revision: str


class ScratchBase(Closed):
    """A base model of a miniature: a random Qwen2, pre-trained on procedural demonstrations."""

    source: Literal["scratch"]
    pretrained: str | None = Field(
        None, description="folder of the finished model, taken if its recipe is this one; `{seed}` is filled in"
    )
    seed: Seed = 0
    seeds: list[Seed] = Field(
        [], description="one a chain, in order: each chain has a base of its own", json_schema_extra=EXECUTION
    )
    shape: Shape
    demonstrations: Demonstrations
    recipe: Name = Field(description="a recipe of `training`")


Base = Annotated[LocalBase | HubBase | ScratchBase, Field(discriminator="source")]
Finished = Annotated[LocalBase | HubBase, Field(discriminator="source")]
