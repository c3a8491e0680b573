"""The yield of every filter: traces read, dropped by reason and kept, per corpus.

The CSV has a column for every reason there is, so that two runs have the same ones; Markdown and LaTeX leave out those
that dropped nothing. `truncated_percent` is of the kept traces: with `keep: all` a corpus holds some. `from` is the
corpus that a chosen or matched one was taken from. Refuses counts that do not add up: a trace neither kept nor dropped
for a reason was lost. With chains a row over all of them holds the means (and the longest trace of all), and where
chains chose differently, `from` says how many chose what; each chain's rows are in the CSV.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from micota.common.files import by_name
from micota.common.records import RecordError, read_json
from micota.common.tables import Column, Row
from micota.corpora.kinds import REASONS
from micota.corpora.kinds.filtering import SPECIAL_TOKENS
from micota.corpora.kinds.imported import OWN_REASONS
from micota.corpora.kinds.pruned import ANSWER_LOST
from micota.models.special_tokens import OPEN, UNPAIRED
from micota.results.entries import Entry
from micota.results.labels import corpus_label
from micota.results.pooled import by_chain, mean_row, with_chains, write_pooled

# Archived counts do not know them, and most studies import nothing: their tables stay as they are.
LATER = {f"dropped_{reason}" for reason in (SPECIAL_TOKENS, OPEN, UNPAIRED, ANSWER_LOST, *OWN_REASONS)}


def make(files: dict[str, list[Path]], out: Path, *, corpora: list[Entry]) -> None:
    """`corpora`: as entries.named has them."""
    counts, called = by_name(files["counts"]), {entry["own"]: entry["name"] for entry in corpora}
    rows: list[Row] = []
    for (name,), chains in by_chain(corpora, "name").items():
        own = {chain: corpus_row(read_counts(counts[entry["own"]]), called) for chain, (entry,) in chains.items()}
        rows += name_rows(name, own)
    write_pooled(out / "corpora", rows, columns(rows))


def name_rows(name: str, own: Mapping[int | None, Row]) -> list[Row]:
    """A corpus over chains, then in each."""
    found = [row["from"] for row in own.values()]
    over_all = mean_row(list(own.values()), largest=["tokens_max"]) | {"from": sources(found)}
    return [row | {"corpus": name} for row in with_chains(over_all, own)]


def sources(found: Sequence[str | None]) -> str | None:
    """What the chains took their corpus from: one name, or how many took which."""
    counted = Counter(found).most_common()
    if len(counted) == 1:
        return counted[0][0]
    return ", ".join(f"{name} ({times} of {len(found)})" for name, times in counted)


def read_counts(path: Path) -> Row:
    """One counts file, checked for its keys and its sum."""
    counts: Row = read_json(path)
    missing = [key for key in ("corpus", "read", "kept", "dropped", "problems", "tokens") if key not in counts]
    missing += [f"tokens.{key}" for key in ("mean", "median", "max", "total") if key not in counts.get("tokens", ())]
    if missing:
        raise RecordError(f"{path}: the counts lack {', '.join(missing)}")
    if unknown := sorted(set(counts["dropped"]) - set(REASONS)):
        raise RecordError(f"{path}: unknown reasons for dropping a trace: {', '.join(unknown)}")
    if not counts["read"]:
        raise RecordError(f"{path}: no traces were read for this corpus")
    lost = counts["read"] - counts["kept"] - sum(counts["dropped"].values())
    if lost:
        raise RecordError(f"{path}: {counts['read']} traces read, but kept and dropped differ from that by {lost}")
    return counts


def corpus_row(counts: Row, called: Mapping[str, str]) -> Row:
    """The counts of one corpus, flat; a reason it does not name dropped nothing. `called`: own name -> people's."""
    source: str | None = counts.get("chosen") or counts.get("of")
    return {
        "corpus": counts["corpus"],
        "from": source and called.get(source, source),
        "read": counts["read"],
        **{f"dropped_{reason}": counts["dropped"].get(reason, 0) for reason in REASONS},
        "kept": counts["kept"],
        "kept_percent": 100 * counts["kept"] / counts["read"],
        "truncated_percent": 100 * counts.get("truncated", 0) / counts["kept"],
        "problems": counts["problems"],
        **{f"tokens_{key}": counts["tokens"][key] for key in ("mean", "median", "max", "total")},
    }


def columns(rows: Sequence[Row]) -> list[Column]:
    """The table's columns; what concerns no row has no heading, so it is in the CSV alone."""
    headings = {
        key: f"Dropped: {reason.replace('_', ' ')}" if any(row[key] for row in rows) else None
        for reason in REASONS
        for key in (f"dropped_{reason}",)
    }
    return [
        Column("corpus", "Corpus", corpus_label),
        Column("from", "From" if any(row["from"] for row in rows) else None, corpus_label),
        Column("read", "Read", "{0:,.0f}"),
        *(Column(key, heading, "{0:,.0f}") for key, heading in headings.items() if heading or key not in LATER),
        Column("kept", "Kept", "{0:,.0f}"),
        Column("kept_percent", "Kept (%)", "{0:.1f}"),
        Column(
            "truncated_percent", "Truncated (%)" if any(row["truncated_percent"] for row in rows) else None, "{0:.1f}"
        ),
        Column("problems", "Problems", "{0:,.0f}"),
        Column("tokens_mean", "Mean length (tokens)", "{0:,.0f}"),
        Column("tokens_median", "Median (tokens)", "{0:,.0f}"),
        Column("tokens_max", "Longest (tokens)", "{0:,.0f}"),
        Column("tokens_total", "Tokens", "{0:,.0f}"),
    ]
