"""How a tuned model is merged with its base: the methods, what each takes, the merged models' names, mergekit's words.

A new method is a line of `Method` and of `TAKES`, and, where mergekit wants other words for it, of `Merge.config`.
"""

from collections.abc import Iterator
from itertools import product
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from micota.common.settings import Closed, Name, Seed

Method = Literal["dare_ties", "dare_linear", "ties", "task_arithmetic", "linear"]  # mergekit's names
# Method -> what a merge of it takes beside the weight.
TAKES: dict[Method, tuple[str, ...]] = {
    "dare_ties": ("density", "seed"),
    "dare_linear": ("density", "seed"),
    "ties": ("density",),
    "task_arithmetic": (),
    "linear": (),
}
UNNAMED = "dare_ties"  # MiCoTA's: its merges are named without it


class Merge(Closed):
    """One merge of a tuned model with its base."""

    method: Annotated[Method, Field(description="in mergekit's words")] = "dare_ties"
    weight: Annotated[float, Field(ge=0, description="of the tuned model's delta")]
    density: Annotated[
        float | None, Field(gt=0, le=1, description="share of the delta that is kept (drop rate = 1 - density)")
    ] = None
    seed: Annotated[Seed | None, Field(description="of the mask that drops the others")] = None

    @model_validator(mode="after")
    def has_what_its_method_takes(self) -> Self:
        check_taken(self.method, {"density": self.density is not None, "seed": self.seed is not None})
        return self

    def name(self, tuned: str) -> str:
        """The merged model's name."""
        method = "" if self.method == UNNAMED else f"-{self.method}"
        parts = {"w": self.weight, "d": self.density, "m": self.seed}
        return f"{tuned}{method}" + "".join(f"-{mark}{value}" for mark, value in parts.items() if value is not None)

    def config(self, base: str, tuned: str, dtype: str) -> dict[str, Any]:
        """mergekit's configuration; `normalize` is off, or a single model's weight would be scaled back to 1."""
        if self.method == "linear":
            models = [
                {"model": tuned, "parameters": {"weight": self.weight}},
                {"model": base, "parameters": {"weight": 1.0 - self.weight}},
            ]
            return {"merge_method": "linear", "models": models, "dtype": dtype}
        density = {} if self.density is None else {"density": self.density}
        return {
            "merge_method": self.method,
            "base_model": base,
            "models": [{"model": tuned, "parameters": {"weight": self.weight, **density}}],
            "parameters": {"normalize": False},
            "dtype": dtype,
        }


class MergeSweep(Closed):
    """A tuned model merged with its own base: one merged model for each weight, density and mask seed."""

    renamed: ClassVar[dict[str, str]] = {"seeds": "mask_seeds"}

    tuned: Name
    method: Method = "dare_ties"
    weights: Annotated[list[float], Field(min_length=1)]
    densities: list[float] = Field([], description="where the method takes one")
    mask_seeds: list[Seed] = Field([], description="of the masks, where the method draws one")

    @model_validator(mode="after")
    def has_what_its_method_takes(self) -> Self:
        check_taken(self.method, {"density": bool(self.densities), "seed": bool(self.mask_seeds)})
        list(self.merges())
        return self

    def merges(self) -> Iterator[Merge]:
        """Every merge of the sweep."""
        densities: list[float | None] = [*self.densities] or [None]
        seeds: list[int | None] = [*self.mask_seeds] or [None]
        for weight, density, seed in product(self.weights, densities, seeds):
            yield Merge(method=self.method, weight=weight, density=density, seed=seed)

    @property
    def parts(self) -> dict[str, list[Any]]:
        """What the merges' names are made of, behind the tuned model's (see Merge.name): mark -> values."""
        method = "" if self.method == UNNAMED else f"-{self.method}"
        parts: dict[str, list[Any]] = {f"{method}-w": self.weights, "-d": self.densities, "-m": self.mask_seeds}
        return {mark: values for mark, values in parts.items() if values}


def check_taken(method: Method, given: dict[str, bool]) -> None:
    """Raise ValueError where a merge lacks what its method takes, or has what it does not."""
    for name, there in given.items():
        if there != (name in TAKES[method]):
            raise ValueError(f"{name}: {method} takes {'none' if there else 'one'}")
