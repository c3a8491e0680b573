"""How much memory a job took at most, told beside it: of a job that is killed nobody could ask any more."""

import os
import resource
import sys
import threading
import time
from pathlib import Path

PEAK = "MICOTA_PEAK"  # in a job's environment: the file that rules/killed.sh reads when the job was killed
PAUSE = 0.5  # seconds
MORE = 1.02  # times the last peak that was told


def tell_peak() -> None:
    """From here on, keep the file up to date; nothing where no shell of a job asks for it."""
    if path := os.environ.get(PEAK):
        threading.Thread(target=keep_telling, args=(Path(path),), daemon=True).start()


def keep_telling(path: Path) -> None:
    told = 0.0
    while True:
        peak = gigabytes()
        if peak > told * MORE:
            try:
                path.write_text(f"{peak:.1f} GB\n")
            except OSError:  # a full disk; the job is not to end for this
                return
            told = peak
        time.sleep(PAUSE)


def gigabytes() -> float:
    """The most memory that this process has held (resident), as the kernel counts it: in KB, on macOS in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e9 if sys.platform == "darwin" else 1e6)
