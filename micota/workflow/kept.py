"""What of a study's results was made with other settings of the kind that moves last digits alone: told, and kept."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from micota.common.records import RecordError, read_json
from micota.common.settings import differences, rounding
from micota.study.graph import Study
from micota.workflow.paths import Paths


def made_otherwise(study: Study, paths: Paths) -> list[str]:
    """A line for each stage and difference, which also says how to make such results again."""
    found = Counter(differences_of(study, Path(paths.home)))
    chunks = {"sample": f" without {paths.home}/work/sampling"}
    return [
        f"made with {told}: {count} of {rule}, kept (made again by --forcerun {rule}{chunks.get(rule, '')})"
        for (rule, told), count in found.items()
    ]


def differences_of(study: Study, home: Path) -> Iterator[tuple[str, str]]:
    """(Rule, difference) of each finished result that was made otherwise."""
    engine = rounding(study.config.sampling.engine)
    for path in sorted(home.glob("cot/*/shard-*.meta.json")):
        if path.parent.name in study.models:
            yield from (("sample", told) for made in read(path) if (told := differences(made, engine)))
    for name, tune in study.tunes.items():
        asked = rounding(study.recipe(tune.recipe))
        path = home / "models" / name / "micota.json"
        yield from (("train", told) for made in read(path) if (told := differences(made, asked)))


def read(path: Path) -> list[dict[str, object]]:
    """The settings that a result was made with; none where it is not there, cannot be read, or does not say so."""
    try:
        return list(read_json(path).get("made_with", []))
    except (RecordError, AttributeError, TypeError):  # not there, damaged, or something else's
        return []
