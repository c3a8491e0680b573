"""What a data set's reader finds in a completion: its style, and the first fault of its steps."""

from dataclasses import dataclass

# Why a completion that was not cut off comes to a wrong answer; the reader of a set says what each means there.
FAULTS = ("format", "lost_place", "slip", "wrong_box")

CHECK, AGAIN, TAKEN_BACK, FAULT = "check", "again", "taken_back", "fault"


@dataclass(frozen=True)
class Segment:
    """A stretch of a completion, its characters from `start` to before `end`, that is shown apart.

    `kind`: CHECK, a result is looked at again; AGAIN, a further pass; TAKEN_BACK, a step is done anew; FAULT, the first
    place where the text goes wrong.
    """

    start: int
    end: int
    kind: str


@dataclass(frozen=True)
class Reading:
    """One completion. The counts of steps are of its first pass, without steps that it took back."""

    fault: str | None  # one of FAULTS; None: every step is right, and so is what stands in the box, if there is one
    steps: int
    decomposed: int  # of the steps, those worked out in parts
    checked: int  # of the steps, those followed by a check
    passes: int  # how often the problem was gone through
    corrections: int  # steps taken back

    @property
    def short(self) -> bool:
        """Nothing but the steps themselves."""
        return not (self.decomposed or self.checked or self.passes > 1 or self.corrections)

    @property
    def full(self) -> bool:
        """Every step worked out in parts and checked, and the problem gone through again."""
        return self.passes > 1 and 0 < self.steps == self.decomposed == self.checked
