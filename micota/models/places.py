"""The places of a prompt that are filled in: `{problem}`, and those that a judge model is shown."""

import re

JUDGE_PLACES = ("{problem}", "{answer}", "{extracted}")  # what a judge model is shown; `answer` is the gold answer
# A place to be filled, such as {question}; the arguments of LaTeX commands and environments, exponents and indices of
# fewer than three letters, are text.
PLACE = re.compile(r"\\[A-Za-z]+(?:\[[^]]*\])?(?:\{(?!problem\})[^{}]*\})+|[_^]\{\w+\}|(\{\s*[A-Za-z_]{3,}\s*\})")


def places_of(text: str) -> list[str]:
    """The places to be filled that a prompt's text holds, or seems to: `{problem}`, `{question}`."""
    return [place for place in PLACE.findall(text) if place]


def in_no_place(text: str | None) -> str | None:
    """The text of a system message, if nothing in it waits to be filled; ValueError names what does."""
    if places := places_of(text or ""):
        raise ValueError(f"nothing is filled in here, so {places[0]} would be shown as it stands; put it in `user`")
    return text


def check_places(text: str) -> str:
    """The text of a user's turn, if `{problem}` stands in it once; ValueError says which place is wrong or missing."""
    places = places_of(text)
    count = text.count("{problem}")
    if count != 1 or "{{problem}}" in text:
        found = "in double braces" if "{{problem}}" in text else f"{count} times"
        raise ValueError(f"it must hold {{problem}}, where the problem is put, exactly once; it stands there {found}")
    if unknown := [place for place in places if place not in JUDGE_PLACES]:
        raise ValueError(f"{unknown[0]} is no place that is filled in; there are {', '.join(JUDGE_PLACES)}")
    return text
