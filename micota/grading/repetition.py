"""How much of a trace is the phrase that it ends in, over and over: a loop, which a merely long trace is not.

A text repeats itself where its end is a phrase that stands there three times or more in a row, as Holtzman et al. count
it (2020, "The Curious Case of Neural Text Degeneration", arXiv 1904.09751, section 5.3). Of it we take the share of the
text. The share of repeated n-grams (rep-n of Welleck et al. 2020, arXiv 1908.04319) does not tell a loop from a long
trace: chains of thought take up their own phrases again, where nothing is wrong with them. A loop that counts on, with
another number each time, is none here.
"""

TIMES = 3  # copies of a phrase, the last of which may be cut
ANCHOR = 16  # characters of the end that are looked for: shorter ones stand in any text
TRIED = 100  # places that may lead nowhere, so that the time stays linear whatever the text


def repeated_share(text: str) -> float:
    """The share of a text's characters in the run of one phrase that it ends in, rounded to four digits; 0 to 1.

    Of several such runs, a phrase within a phrase, the longest counts.
    """
    length = len(text)
    anchor = min(ANCHOR, length // TIMES)
    if not anchor:
        return 0.0
    end = text[length - anchor :]
    first = max(0, length - anchor - length // TIMES)  # an earlier place makes too long a phrase
    longest = 0
    at = text.rfind(end, first, length - 1)
    for _ in range(TRIED):
        if at < 0:
            break
        period = length - anchor - at
        copies = (TIMES - 1) * period
        if text[length - copies :] == text[length - copies - period : length - period]:
            run = period + common_end(text, period, copies)
            longest = max(longest, run)
            # A longer run's phrase is longer than this run's without one phrase (Fine and Wilf 1965).
            at = min(at, length - anchor - (run - period))
        at = text.rfind(end, first, at + anchor - 1)
    return round(longest / length, 4)


def common_end(text: str, period: int, known: int) -> int:
    """How many characters of the end equal those that stand `period` characters before them; `known` of them do."""
    length, most = len(text), len(text) - period
    same, size = known, min(known, most - known)
    # Slices that double while they are equal, then halves of the first that is not: what is compared, C compares.
    while same < most and text[length - same - size : length - same] == text[most - same - size : most - same]:
        same += size
        size = min(2 * size, most - same)
    while size > 1 and same < most:
        size = min((size + 1) // 2, most - same)
        if text[length - same - size : length - same] == text[most - same - size : most - same]:
            same += size
    return same
