"""What an archive is cited by, as Zenodo reads it (.zenodo.json), from CITATION.cff and the studies' verdicts."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from micota.common.errors import DataError
from micota.common.records import Record
from micota.common.tables import Row

NEEDED = ("title", "abstract", "authors", "license", "version", "keywords", "preferred-citation")


def record(citation: Mapping[str, Any], claims: Mapping[str, Iterable[Row]]) -> Record:
    """Zenodo's metadata of a deposit; `claims`: study -> the rows of its tables/claims.csv.

    Raises DataError for a CITATION.cff that lacks a field, or cites a paper without an arXiv number.
    """
    if missing := [key for key in NEEDED if key not in citation]:
        raise DataError(f"CITATION.cff: {', '.join(missing)} missing; the archive's record is made from it")
    said = [f"<p>{escape(citation['abstract'].strip())}</p>"]
    for study, rows in claims.items():
        verdicts = [f"<li>{escape(verdict(row))}</li>" for row in rows if row["verdict"]]
        said.append(f"<p>Verdicts of the study <em>{escape(study)}</em>:</p><ul>{''.join(verdicts)}</ul>")
    return {
        "title": citation["title"],
        "upload_type": "software",
        "description": "".join(said),
        "creators": [{"name": author_name(author)} for author in citation["authors"]],
        "license": citation["license"],
        "access_right": "open",
        "version": str(citation["version"]),
        "keywords": list(citation["keywords"]),
        "language": "eng",
        "related_identifiers": [paper(citation["preferred-citation"])],
    }


def verdict(row: Row) -> str:
    """A claim, whose it is, and what was found, as tables/claims says it."""
    about = f", for {row['about']}" if row.get("about") else ""
    whose = "the paper" if row["whose"] == "paper" else "this project"
    return f"{row['text']} (claim of {whose}): {row['verdict']}{about}"


def author_name(author: Mapping[str, str]) -> str:
    """`Family, Given` of a person, the name of a group."""
    return author["name"] if "name" in author else f"{author['family-names']}, {author['given-names']}"


def paper(cited: Mapping[str, Any]) -> Record:
    """The paper that is reproduced."""
    for identifier in cited.get("identifiers", ()):
        if str(identifier["value"]).startswith("arXiv:"):
            kind = {"scheme": "arxiv", "relation": "isDerivedFrom", "resource_type": "publication-preprint"}
            return {"identifier": identifier["value"], **kind}
    raise DataError("CITATION.cff: preferred-citation.identifiers: none is an arXiv number (value: arXiv:...)")
