"""A KV cache with room to spare, for transformers' `generate`.

transformers' DynamicCache copies all keys and values into a longer tensor at every token. Here a token is written into
room that is there already; attention sees the same numbers. docs/performance.md has what that is worth.
"""

from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

LEAST_ROOM = 64  # tokens; more than that, a quarter of what is held, whenever the room is used up


class RoomyLayer(DynamicLayer):
    """`keys` and `values` are views [batch, heads, tokens so far, head size] of longer tensors."""

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        super().lazy_initialization(key_states, value_states)
        self.room = [key_states[:, :, :0], value_states[:, :, :0]]

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        before = self.get_seq_length()
        after = before + key_states.shape[-2]
        for place, new in enumerate((key_states, value_states)):
            if after > self.room[place].shape[-2]:
                batch, heads, _, size = new.shape
                longer = new.new_empty(batch, heads, after + max(LEAST_ROOM, after // 4), size)
                longer[:, :, :before] = self.room[place][:, :, :before]
                self.room[place] = longer
            self.room[place][:, :, before:after] = new
        self.keys, self.values = (room[:, :, :after] for room in self.room)
        return self.keys, self.values

    def batch_select_indices(self, indices: torch.Tensor) -> None:
        if (length := self.get_seq_length()) > 0:
            self.room = [room[indices] for room in self.room]
            self.keys, self.values = (room[:, :, :length] for room in self.room)


def roomy_cache(config: Any) -> DynamicCache:
    """An empty cache for one batch, completed by one or more calls of `generate`, greedy or sampled (no beams).

    Layers of another kind (sliding windows, linear attention) are left as transformers makes them.
    """
    cache = DynamicCache(config=config)
    cache.layers = [RoomyLayer() if type(layer) is DynamicLayer else layer for layer in cache.layers]
    return cache
