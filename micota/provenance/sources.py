"""Where the values of a configuration come from: the comment on a value's line begins with a tag such as [SMG].

A comment may also name deviations, `D-` and words: the ids of docs/deviations.yaml, which says of each what the paper
and the authors' code do, what is done here, why, and what to expect of it. docs/deviations.md and docs/provenance.md
are made from both (scripts/deviations.py).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import yaml

from micota.common.errors import ConfigurationError

TAGS = {
    "paper": "the paper's public text",
    "code": "the authors' code, OPPO-PersonalAI/MiCoTA: README or scripts/",
    "SMG": '"Small Models Struggle to Learn from Strong Reasoners" (arXiv 2502.12143), its code or model cards',
    "hub": "a card or file on the Hugging Face Hub",
    "ours": "a choice of this project",
    "assumption": "needed, not public, and the results may depend on it",
}
TAG = re.compile(r"\[([^\[\]]+)\]")
DEVIATION = re.compile(r"\bD-[a-z0-9]+(?:-[a-z0-9]+)*\b")
PLACE = re.compile(r"\{([a-z0-9_.*]+)\}")  # in the ledger: a value of the configuration, or a product of some
MERGE = "tag:yaml.org,2002:merge"  # the key `<<`
CELLS = ("paper", "code", "ours", "reason", "effect")
LONGEST = 100  # characters of a value in a table


@dataclass(frozen=True)
class Entry:
    """A key of a configuration, and what its line says; `value` is None for a block, whose values have entries."""

    key: str
    value: str | None
    line: int  # from 1
    comment: str

    @property
    def tag(self) -> str | None:
        """The tag that the comment begins with; None if there is none, or none of TAGS."""
        found = TAG.match(self.comment)
        return found[1] if found and found[1] in TAGS else None

    @property
    def words(self) -> str:
        """The comment without its tag."""
        return self.comment.removeprefix(f"[{self.tag}]").strip()

    @property
    def deviations(self) -> list[str]:
        """The ids that the comment names, and the one that the value is."""
        own = [self.value] if self.value and DEVIATION.fullmatch(self.value) else []
        return own + DEVIATION.findall(self.comment)


def comments(text: str) -> dict[int, str]:
    """Line (from 0) -> what follows its last token, without the `#`; a `#` within a quoted text is none."""
    ends: dict[int, int] = {}
    for token in yaml.scan(text, yaml.SafeLoader):
        mark = token.end_mark
        if mark.index > token.start_mark.index:
            ends[mark.line] = max(ends.get(mark.line, 0), mark.column)
    found = {}
    for number, line in enumerate(text.split("\n")):
        _, hash_sign, comment = line[ends.get(number, 0) :].partition("#")
        if hash_sign:
            found[number] = comment.strip()
    return found


def entries(text: str) -> list[Entry]:
    """Every key of a YAML text in its order; a list on one line is one value, an alias stands where it is named.

    A block that shares its line with a value of its own has no entry: the comment there is the value's.
    """
    said = comments(text)
    keys: dict[int, str] = {}  # node -> its key, to name what an alias refers to

    def walk(node: yaml.Node, key: str, line: int) -> Iterator[tuple[str, str | None, int]]:
        if id(node) in keys:
            yield key, f"as {keys[id(node)]}", line
            return
        keys[id(node)] = key
        if isinstance(node, yaml.MappingNode) and node.value:
            if key:
                yield key, None, line
            for name, value in node.value:
                path = key if name.tag == MERGE else f"{key}.{name.value}".lstrip(".")
                yield from walk(value, path, name.start_mark.line)
        elif isinstance(node, yaml.SequenceNode) and not on_one_line(node):
            yield key, None, line
            for index, value in enumerate(node.value):
                yield from walk(value, f"{key}.{index}", value.start_mark.line)
        else:
            yield key, shown(node), node.start_mark.line

    tree = yaml.compose(text, yaml.SafeLoader)
    found = list(walk(tree, "", 0)) if tree is not None else []
    spoken_for = {line for _, value, line in found if value is not None}
    found = [(key, value, line) for key, value, line in found if value is not None or line not in spoken_for]
    return [Entry(key, value, line + 1, said.get(line, "")) for key, value, line in found]


def on_one_line(node: yaml.SequenceNode) -> bool:
    """Whether a list holds nothing but scalars, on the line it begins on; an empty one does."""
    line = node.start_mark.line
    return all(isinstance(part, yaml.ScalarNode) and part.start_mark.line == line for part in node.value)


def shown(node: yaml.Node) -> str:
    """A value as text."""
    if isinstance(node, yaml.SequenceNode):
        return ", ".join(shown(part) for part in node.value) or "[]"
    return str(node.value) if isinstance(node, yaml.ScalarNode) else "{}"


def untagged(text: str) -> list[str]:
    """What is wrong with the tags of a configuration: one line for each line whose values do not say their source."""
    faults = {}
    for entry in entries(text):
        if entry.value is None:
            continue
        if entry.tag is None:
            faults[entry.line] = f"line {entry.line}: no tag of {sorted(TAGS)} begins its comment"
        elif not entry.words:
            faults[entry.line] = f"line {entry.line}: [{entry.tag}] without a word on why"
    return list(faults.values())


def check_ledger(ledger: Mapping[str, Mapping[str, str]], found: list[Entry]) -> None:
    """Raise UserError for a deviation that nothing explains, that no value carries, or with an empty cell."""
    named = {name for entry in found for name in entry.deviations}
    if unknown := sorted(named - ledger.keys()):
        raise ConfigurationError(f"docs/deviations.yaml: no entry for {', '.join(unknown)}, named in the configuration")
    for name, row in ledger.items():
        if not DEVIATION.fullmatch(name):
            raise ConfigurationError(
                f"docs/deviations.yaml: {name}: an id is D- and lower-case words, joined by hyphens"
            )
        if set(row) - {"where"} != set(CELLS) or not all(row.values()):
            raise ConfigurationError(
                f"docs/deviations.yaml: {name}: it needs {', '.join(CELLS)}; write `not stated` or `none`"
            )
        if (name in named) == ("where" in row):
            raise ConfigurationError(
                f"docs/deviations.yaml: {name}: named beside a value of the configuration, or else with `where:` (the"
                " file that shows it), not both"
            )


def filled(text: str, config: Mapping[str, Any]) -> str:
    """The text with every `{dotted.key}` replaced by that value of the configuration, `{one*other}` by the product.

    Raises UserError for a key that is not there.
    """

    def value(key: str) -> Any:
        node: Any = config
        for part in key.split("."):
            try:
                node = node[int(part)] if isinstance(node, list) else node[part]
            except (LookupError, TypeError, ValueError):
                raise ConfigurationError(f"docs/deviations.yaml: there is no {key!r} in the configuration") from None
        return node

    def text_of(place: re.Match[str]) -> str:
        values = [value(key) for key in place[1].split("*")]
        return written(values[0] if len(values) == 1 else prod(values))

    return PLACE.sub(text_of, text)


def written(value: Any) -> str:
    """A value in a sentence: 16,384; 0.2, 0.4, 0.6."""
    if isinstance(value, list):
        return ", ".join(written(part) for part in value)
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:,}" if isinstance(value, int) else str(value)


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table; a bar or a line break within a cell is escaped."""
    cells = [[cell.replace("|", "\\|").replace("\n", "\\n") for cell in row] for row in rows]
    lines = [head, ["---"] * len(head), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def short(value: str) -> str:
    """A value as code, cut where it is long."""
    return f"`{value if len(value) <= LONGEST else value[: LONGEST - 3] + '...'}`"


def deviations_page(head: str, ledger: Mapping[str, Mapping[str, str]], text: str) -> str:
    """docs/deviations.md: the ledger with our values filled in, then the keys that carry each id."""
    found, config = entries(text), yaml.safe_load(text)
    check_ledger(ledger, found)
    rows = [[f"`{name}`", *(filled(row[cell], config) for cell in CELLS)] for name, row in ledger.items()]
    places = []
    for name, row in ledger.items():
        carriers = [entry for entry in found if name in entry.deviations]
        keys = [f"`{e.key}`" + (f": {short(e.value)}" if e.value is not None else "") for e in carriers]
        places.append([f"`{name}`", "; ".join(keys) or row["where"]])
    parts = [
        head.strip(),
        table(["id", "paper", "authors' code", "ours", "reason", "expected effect"], rows),
        "## Where each stands\nThe keys of `config/paper.yaml` whose lines name the id, and their values; for what is"
        " no value of it, the file.",
        table(["id", "keys and values"], places),
    ]
    return "\n\n".join(parts) + "\n"


def provenance_page(head: str, text: str) -> str:
    """docs/provenance.md: every value of a configuration by its source, with the words beside it."""
    values = [entry for entry in entries(text) if entry.value is not None]
    by_tag = {tag: [entry for entry in values if entry.tag == tag] for tag in TAGS}
    counts = [[f"[{tag}](#{tag.lower()})", meaning, str(len(by_tag[tag]))] for tag, meaning in TAGS.items()]
    parts = [head.strip(), table(["source", "meaning", "values"], counts)]
    for tag, found in by_tag.items():
        rows = [[f"`{entry.key}`", short(str(entry.value)), entry.words] for entry in found]
        parts += [f"## {tag}", table(["key", "value", "why"], rows)]
    return "\n\n".join(parts) + "\n"
