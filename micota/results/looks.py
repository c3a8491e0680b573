"""Which place and colour a corpus has in every figure of a study, and the colours of all that is no corpus.

Place: the untrained student first, then by the measured mean length of the corpus, the shortest first. Colour:
seaborn's "colorblind" (Wong 2011, doi:10.1038/nmeth.1618, enlarged) for the paper's corpora, whatever the study; its
others, "dark" and "pastel" for people's own. Greys stand for what is no corpus, green and red for good and bad: no
corpus has these.
"""

from collections.abc import Iterable, Sequence

import seaborn

from micota.common.tables import Row

VIVID, DARK, PASTEL = (seaborn.color_palette(name).as_hex() for name in ("colorblind", "dark", "pastel"))
UNTRAINED = "base"
ROLES = {
    UNTRAINED: VIVID[7],
    "short": VIVID[9],
    "mix": VIVID[4],
    "mid": VIVID[0],
    "unmerged": VIVID[1],
    "long": VIVID[3],
}
OWN = [*(VIVID[place] for place in (5, 8, 6)), *(DARK[place] for place in (4, 5, 8, 9, 6, 0, 1)), *PASTEL[:7]]
MARKERS = "osD^vPX<>phd8*"  # of what has no colour, and of students

INK = "#222222"
GREYS = (INK, "#6b6b6b", "#a6a6a6", "#484848", "#8a8a8a")  # lines and points that are no corpora
PALE = "#e6e6e6"
GOOD, BAD = VIVID[2], DARK[3]
DIVERGING = "PRGn"  # from a loss to a gain


class Corpora:
    """The corpora of one study, from the rows of its `tables/corpora.csv`: the same in each of its figures."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.lengths = {row["corpus"]: row["tokens_mean"] for row in over_chains(rows)}  # mean, in tokens
        self.names = [UNTRAINED, *sorted(self.lengths, key=lambda name: self.lengths[name])]
        own = [name for name in self.names if name not in ROLES]
        self._own = {name: OWN[number % len(OWN)] for number, name in enumerate(own)}

    def order(self, names: Iterable[str]) -> list[str]:
        """Each name once, in the order of the figures; those that are no corpora here come last."""
        found = list(dict.fromkeys(names))
        return [name for name in self.names if name in found] + [name for name in found if name not in self.names]

    def sort(self, rows: Sequence[Row]) -> list[Row]:
        """Rows with a `corpus`, in the order of the figures."""
        places = {name: place for place, name in enumerate(self.order(row["corpus"] for row in rows))}
        return sorted(rows, key=lambda row: places[row["corpus"]])

    def colour(self, name: str) -> str:
        """As hex; dark grey for what is no corpus of the study, such as a model that others trained."""
        return ROLES.get(name) or self._own.get(name, GREYS[3])


def over_chains(rows: Iterable[Row]) -> list[Row]:
    """The rows over all chains, without those of single ones."""
    return [row for row in rows if row.get("chain") is None]


def covers(rows: Sequence[Row], *, problems: str = "problems", key: str | None = "problems") -> str:
    """In words what the 95% intervals of these rows are about: further problems, and training seeds or chains.

    `problems`: what they are called; `key`: the column that counts them, None where their number is told elsewhere.
    """

    def most(column: str) -> int:
        return max((int(row.get(column) or 1) for row in rows), default=1)

    chains, seeds = most("chains"), most("seeds")
    found = f"95% intervals cover other {problems}" + (f" ({most(key):,} here)" if key else "")
    if chains > 1:
        return f"{found} and other whole chains ({chains})."
    if seeds > 1:
        return f"{found} and other training seeds ({seeds}); one chain."
    told = any(row.get("seeds") is not None for row in rows)
    return f"{found}; one training seed, one chain." if told else f"{found}; one chain."
