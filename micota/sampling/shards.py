"""The traces of a job's shards in the order of a job without shards, and back. Apart from sampling (torch)."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from micota.common.records import Record


def in_turn(shards: Sequence[Iterator[Record]]) -> Iterator[Record]:
    """The traces of a job's shards in the order of a job without shards (`items` deals problems out).

    Holds the samples of one problem of each shard at a time. Traces of anything else come out in some order, all.
    """
    groups = [groupby(rows, key=lambda row: (row.get("dataset"), row["id"])) for rows in shards]

    def following(shard: int) -> list[Record]:
        return list(next(groups[shard], (None, ()))[1])

    heads = [following(shard) for shard in range(len(shards))]
    dataset = None
    while left := [rows[0].get("dataset") for rows in heads if rows]:
        dataset = dataset if dataset in left else left[0]
        for shard, rows in enumerate(heads):
            if rows and rows[0].get("dataset") == dataset:
                yield from rows
                heads[shard] = following(shard)


def dealt(traces: Iterable[Record], shards: int) -> list[list[Record]]:
    """What `in_turn` put together, dealt out again: of each data set every so many-th problem with all its samples."""
    found: list[list[Record]] = [[] for _ in range(shards)]
    places: dict[str, dict[str, int]] = {}  # data set -> problem -> its place
    for trace in traces:
        own = places.setdefault(trace["dataset"], {})
        found[own.setdefault(trace["id"], len(own)) % shards].append(trace)
    return found
