"""Write what a run was: code, configuration, software, hardware, seeds, hashes of what went in and came out, time.

    python -m scripts.manifest --study config/mini.yaml --results results/mini --figures figures/mini \\
        --inputs data/gsm8k.jsonl --out results/mini/manifest.json

`{out without its ending}.md` is the same in short. Works outside git too: the commit is that of the archive, or null.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from micota.common.cli import run
from micota.common.files import whole
from micota.common.records import Record, write_json
from micota.common.seals import file_hash
from micota.models.fingerprint import fingerprint
from micota.provenance.manifest import (
    OUTPUTS,
    code,
    config_hash,
    costs,
    hardware,
    hashes,
    imported,
    page,
    revisions,
    seeds,
    shortened,
    software,
    weights,
    without_places,
)
from micota.study.load import add_study_flag, study_of

PROJECT = Path(__file__).resolve().parents[1]


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_study_flag(parser, required=True)
    parser.add_argument("--results", type=Path, required=True, help="the study's folder of results")
    parser.add_argument("--figures", type=Path, required=True, help="its folder of figures")
    parser.add_argument("--inputs", type=Path, nargs="*", default=[], help="local files that the study read")
    parser.add_argument("--out", type=Path, required=True, help="manifest.json")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Gather and write."""
    args = parse_args(argv)
    asked: Record = study_of(args.study).given.model_dump(mode="json")
    config, data = without_places(asked, PROJECT), asked["data_folder"] and Path(asked["data_folder"])
    figures = {f"figures/{name}": digest for name, digest in hashes(args.figures, ("*.png", "*.pdf")).items()}
    manifest = {
        "study": config["study"],
        "code": code(PROJECT),
        "config_sha256": config_hash(config),
        "config": config,
        "seeds": {"students": config["seeds"], "all": dict(seeds(config))},
        "software": software(PROJECT),
        "hardware": hardware(),
        "arithmetic": fingerprint(),
        "inputs": {shortened(str(path), data, PROJECT): file_hash(path) for path in args.inputs},
        "revisions": dict(revisions(config)),
        "imported": imported(args.results, data, PROJECT),
        "outputs": hashes(args.results, OUTPUTS) | figures,
        "weights": weights(args.results),
        "costs": costs(args.results / "benchmarks"),
    }
    with whole(args.out.with_suffix(".md")) as handle:
        handle.write(page(manifest))
    write_json(args.out, manifest)
    print(f"{args.out}: {len(manifest['outputs'])} outputs of {manifest['code']['commit'] or 'unknown code'}")


if __name__ == "__main__":
    run(main)
