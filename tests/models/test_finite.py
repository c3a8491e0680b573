"""Weights that are no numbers are named; a sum that overflows is not taken for one."""

from pathlib import Path

import pytest
import torch

from micota.common.errors import ModelError
from micota.models.finite import check_finite

NAN, INFINITE = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        *[(dtype, value) for dtype in (torch.float16, torch.bfloat16, torch.float32) for value in (NAN, -INFINITE)],
        (torch.float8_e4m3fn, NAN),
    ],
)
def test_one_bad_weight_of_a_tensor_is_found(dtype: torch.dtype, value: float) -> None:
    bad = torch.full((3, 500), 1.0)
    bad[1, 7] = value
    good = {"first": torch.zeros(2), "ids": torch.arange(3)}
    with pytest.raises(ModelError) as error:
        check_finite(good | {"second": bad.to(dtype)}, Path("models/m"))
    assert error.value.place == "models/m" and "1 of 1,500 weights of second" in str(error.value)


def test_large_weights_are_numbers() -> None:
    check_finite({"float16": torch.full((9, 9), 6e4, dtype=torch.float16), "none": torch.zeros(0)}, Path("m"))
    check_finite({"float32": torch.full((9,), 3e38)}, Path("m"))
