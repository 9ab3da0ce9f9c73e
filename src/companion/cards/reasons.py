"""Why a claim has its verdict, in one or two sentences for a reader in a hurry.

Chapters: all. The count comes first, then what failed, in the finding's own words.
"""

from collections.abc import Sequence

from companion.cards import words
from companion.records.verdicts import AGAINST, NOT_REPRODUCED, REPRODUCED, Judged

FAILED = {AGAINST: "The opposite was found", NOT_REPRODUCED: "Not shown"}
# Why a finding failed, for one and for several, and whether a margin was claimed.
WHY = {
    (AGAINST, False): (
        "the difference goes the other way",
        "the differences go the other way",
    ),
    (AGAINST, True): (
        "the difference is larger than the margin",
        "the differences are larger than the margin",
    ),
    (NOT_REPRODUCED, False): (
        "the interval includes zero",
        "the intervals include zero",
    ),
    (NOT_REPRODUCED, True): (
        "the interval reaches beyond the margin",
        "the intervals reach beyond the margin",
    ),
}


def reason(judged: Sequence[Judged], leading: Judged) -> str:
    """Return how many findings hold, and which do not or are not of the paper's size.

    Args:
        judged: The findings of a claim.
        leading: The one that the verdict turns on.
    """
    failures = [_failure(judged, verdict) for verdict in FAILED]
    count = _count(judged)
    if any(failures):
        return " ".join(filter(None, [count, *failures]))
    if not leading.finding.paper:
        return f"{count}; no paper printed a number to compare with."
    where = f" in {_quoted(leading).replace('.”', '”')}" if len(judged) > 1 else ""
    but = "and" if leading.verdict == REPRODUCED else "but"
    return f"{count}, {but} {_beside_paper(leading, where)}."


def _count(judged: Sequence[Judged]) -> str:
    every, held = len(judged), sum(j.verdict not in FAILED for j in judged)
    if held == every:
        return f"All {every} findings hold" if every > 1 else "The finding holds"
    if every == 1:
        return ""
    return f"{held or 'None'} of {every} findings hold{'s' if held == 1 else ''}."


def _failure(judged: Sequence[Judged], verdict: str) -> str:
    """Return what failed in one way and why; nothing where nothing did."""
    failed = [j for j in judged if j.verdict == verdict]
    if not failed:
        return ""
    whys = {WHY[verdict, j.finding.claimed == "same"][len(failed) > 1] for j in failed}
    why = whys.pop() if len(whys) == 1 else ""
    if len(judged) == 1:
        return f"{FAILED[verdict]}: {why}."
    *first, last = map(_quoted, failed)
    what = f"{', '.join(first)} and {last}" if first else last
    return f"{FAILED[verdict]}: {what}" + (f" {words.capital(why)}." if why else "")


def _beside_paper(judged: Judged, where: str) -> str:
    if judged.finding.claimed == "same":
        within = judged.verdict == REPRODUCED
        kept = "is within the margin too" if within else "is not surely within it"
        return f"the paper’s own difference{where} {kept}"
    bound = _bound(judged)
    return f"the effect{where} is {words.size(judged, rounding=not bound)}{bound}"


def _bound(judged: Judged) -> str:
    """Return where our effect lies beside half and double of the paper's, if clear."""
    times = words.times_printed(judged)
    if times is None or times[1] <= 0:
        return ""
    if times[0] > 2:
        return ": more than double"
    if times[1] < 0.5:
        return ": less than half"
    within = times[0] >= 0.5 and times[1] <= 2
    return ": within half and double" if within else ""


def _quoted(judged: Judged) -> str:
    return f"“{words.sentence(judged.finding.says)}”"
