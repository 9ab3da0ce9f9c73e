"""Verdicts: the claims held against the records, by a rule fixed beforehand.

Chapters: all. The verdict on a finding is one of four:

reproduced      the 95 % interval of the difference lies on the claimed side of zero,
                and the relative effect within half and double the paper's
direction       the interval lies on the claimed side; no paper printed a number, or
                the effect is smaller than half or larger than double of it
not reproduced  the interval includes zero
against         the interval lies on the other side

Where the claim is that two things are about the same, a margin m takes the place of
zero. The interval lies on the claimed side if all of it is between -m and m, and on
the other side if none of it is. Reproduced is then a paper whose own effect, in per
cent, points or nats like ours, is between -m and m.

A paper's numbers are rounded, and its small effects may come of that alone. So what
is asked of its effect is asked of every pair of true values that rounds to the
printed ones: 321 against 323 may have been 0.3 % less, or 0.9 %.

A claim is worth as much as its weakest finding, with one exception: a finding that no
paper put a number on does not keep a claim from being reproduced.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from companion import records
from companion.records.claims import IN_PER_CENT, ClaimError, Finding, Paper, Side

CONFIDENCE = 0.95
RESAMPLES = 9_999
REPRODUCED, DIRECTION, NOT_REPRODUCED, AGAINST = VERDICTS = (
    "reproduced",
    "direction",
    "not reproduced",
    "against",
)


@dataclass(frozen=True)
class Judged:
    """A finding with its numbers.

    Attributes:
        finding: What was compared.
        measured: Value of the measured side, in the metric's unit.
        control: Value of the control.
        effect: `measured` against `control`: per cent of the control for perplexity
            and counts, percentage points for accuracy and shares, nats for nats.
        low: Lower end of the effect's 95 % interval.
        high: Upper end.
        verdict: One of `VERDICTS`.
    """

    finding: Finding
    measured: float
    control: float
    effect: float
    low: float
    high: float
    verdict: str


def judge(finding: Finding, folder: Path | None = None) -> Judged:
    """Return a finding's numbers and verdict.

    Args:
        finding: What to compare.
        folder: Folder of the records; the package's own by default.

    Raises:
        RecordError: There is no such record, or it is damaged.
        ClaimError: The record has no such number, or one of the wrong kind, or no
            interval comes of the numbers.
    """
    record = records.load(finding.record, folder)
    _check_unit(record, finding)
    by_unit = {"seeds": _over_seeds, "documents": _over_documents, "count": _counted}
    values = by_unit[finding.unit](record["results"], finding)
    if any(map(math.isnan, values)):
        raise ClaimError(f"{finding.says!r}: no number comes of these, so no verdict")
    return Judged(finding, *values, verdict=_verdict(finding, *values))


def verdict(judged: tuple[Judged, ...]) -> str:
    """Return the verdict on a claim from those on its findings.

    Raises:
        ClaimError: There is no finding.
    """
    if not judged:
        raise ClaimError("a claim without a finding has no verdict")
    worst = max((j.verdict for j in judged), key=VERDICTS.index)
    printed = [j.verdict for j in judged if j.finding.paper]
    if worst == DIRECTION and printed and set(printed) == {REPRODUCED}:
        return REPRODUCED
    return worst


def printed_shares(paper: Paper) -> tuple[float, float]:
    """Return the ends of a paper's effect as a share of its control.

    They differ where its numbers are rounded.
    """
    shares = [(measured - control) / control for measured, control in paper.pairs()]
    return min(shares), max(shares)


def printed_effects(finding: Finding) -> tuple[float, float]:
    """Return the ends of the paper's effect in the unit of ours; see `Judged`."""
    if finding.metric in IN_PER_CENT:
        low, high = printed_shares(finding.paper)
        return 100 * low, 100 * high
    effects = [measured - control for measured, control in finding.paper.pairs()]
    return min(effects), max(effects)


def times_printed(
    finding: Finding, measured: float, control: float
) -> tuple[float, float] | None:
    """Return the ends of how many times the paper's relative effect ours is.

    Returns:
        Both are the same where the paper's numbers are exact; None where nothing can
        be told: rounding may be all of the paper's effect, or our control is 0 or
        infinite.
    """
    low, high = printed_shares(finding.paper)
    if low <= 0 <= high or control == 0 or not math.isfinite(measured + control):
        return None
    ours = (measured - control) / control
    first, second = sorted((ours / low, ours / high))
    return first, second


def _verdict(
    finding: Finding,
    measured: float,
    control: float,
    effect: float,
    low: float,
    high: float,
) -> str:
    if finding.claimed == "same":
        margin = finding.margin
        holds, fails = -margin < low and high < margin, low > margin or high < -margin
    else:
        sign = 1 if finding.claimed == "more" else -1
        nearest, farthest = sorted((sign * low, sign * high))
        holds, fails = nearest > 0, farthest < 0
    if holds:
        as_printed = finding.paper and _as_printed(finding, measured, control)
        return REPRODUCED if as_printed else DIRECTION
    return AGAINST if fails else NOT_REPRODUCED


def _as_printed(finding: Finding, measured: float, control: float) -> bool:
    """Say whether the paper has the effect too: its size, or as little as claimed."""
    if finding.claimed == "same":
        return max(map(abs, printed_effects(finding))) <= finding.margin
    times = times_printed(finding, measured, control)
    return times is not None and 0.5 <= times[0] and times[1] <= 2


def _check_unit(record: Mapping, finding: Finding) -> None:
    """Raise ClaimError unless seeds were measured by seed, and what is counted once."""
    made = record["provenance"]["measurements"]
    for place in (*finding.measured.at, *finding.control.at):
        name = place.split(" / ")[0]
        by_seed = isinstance(made.get(name), list)
        wrong = {"seeds": not by_seed, "count": by_seed, "documents": False}
        if name in record["results"] and wrong[finding.unit]:
            how = "by seed, not once" if by_seed else "once, not by seed"
            raise ClaimError(
                f"{name!r} was measured {how}; the unit is {finding.unit!r}"
            )


def _over_seeds(results: Mapping, finding: Finding) -> tuple[float, ...]:
    """Compare the means over seeds; paired t-interval of the difference."""
    measured, control = _sides(results, finding)
    if len(measured) < 3:
        raise ClaimError(f"{finding.says!r} rests on {len(measured)} seeds, 3 or more")
    effect = _effect(finding.metric, measured, control)
    low = high = effect.mean()
    if np.isfinite(effect).all() and np.ptp(effect) > 0:
        low, high = stats.ttest_1samp(effect, 0).confidence_interval(CONFIDENCE)
    return tuple(
        map(float, (measured.mean(), control.mean(), effect.mean(), low, high))
    )


def _over_documents(results: Mapping, finding: Finding) -> tuple[float, ...]:
    """Compare means per token; bootstrap over documents, both sides resampled alike."""
    ours, theirs, weights = sample = _documents(results, finding)
    measured, control = _per_token(finding.metric, *sample)
    effect = low = high = _effect(finding.metric, measured, control)
    finite = np.isfinite([measured, control]).all()
    if finite and np.ptp((ours - theirs) / weights) > 0:
        low, high = _bootstrap(finding.metric, sample)
    return tuple(map(float, (measured, control, effect, low, high)))


def _documents(results: Mapping, finding: Finding) -> tuple[np.ndarray, ...]:
    """Return both sides' sums and the number of tokens, document by document."""
    weights = _numbers(results, finding.weights, finding.unit)
    ours, theirs = _sides(results, finding)
    if not len(weights) == len(ours) == len(theirs):
        raise ClaimError(f"{finding.says!r}: not as many numbers as documents")
    if len(weights) < 3:
        raise ClaimError(
            f"{finding.says!r} rests on {len(weights)} documents, 3 or more"
        )
    if not (weights > 0).all():
        raise ClaimError(f"{finding.says!r}: a document without tokens")
    return ours, theirs, weights


def _per_token(
    metric: str,
    ours: np.ndarray,
    theirs: np.ndarray,
    weights: np.ndarray,
    axis: int = -1,
) -> list[np.ndarray]:
    means = [side.sum(axis) / weights.sum(axis) for side in (ours, theirs)]
    return [np.exp(mean) if metric == "perplexity" else mean for mean in means]


def _bootstrap(metric: str, sample: tuple[np.ndarray, ...]) -> tuple[float, float]:
    def statistic(*resampled: np.ndarray, axis: int = -1) -> np.ndarray:
        return _effect(metric, *_per_token(metric, *resampled, axis=axis))

    return stats.bootstrap(
        sample,
        statistic,
        n_resamples=RESAMPLES,
        paired=True,
        confidence_level=CONFIDENCE,
        rng=0,
    ).confidence_interval


def _counted(results: Mapping, finding: Finding) -> tuple[float, ...]:
    """Compare two numbers that were counted; there is no interval."""
    measured, control = map(float, _sides(results, finding))
    effect = float(_effect(finding.metric, measured, control))
    return measured, control, effect, effect, effect


def _effect(metric: str, measured: Any, control: Any) -> Any:
    """Return measured against control in the metric's own terms; see `Judged`."""
    if metric in ("accuracy", "share"):
        return 100 * (measured - control)
    if metric == "nats":
        return measured - control
    if np.any(np.isinf(control)):  # of two infinite sides neither is less
        both = np.any(np.isinf(measured))
        return np.full(np.shape(control), 0.0 if both else -math.inf)
    if np.any(np.equal(control, 0)):
        raise ClaimError("nothing can be told in per cent of a control of 0")
    return 100 * (measured / control - 1)


def _sides(results: Mapping, finding: Finding) -> tuple[np.ndarray, np.ndarray]:
    measured = _side(results, finding.measured, finding.unit)
    if finding.control.value is None:
        return measured, _side(results, finding.control, finding.unit)
    value = np.float64(finding.control.value)
    if finding.unit == "documents":  # there a side is a sum over tokens
        value = np.log(value) if finding.metric == "perplexity" else value
        value = value * _numbers(results, finding.weights, finding.unit)
    return measured, value


def _side(results: Mapping, side: Side, unit: str) -> np.ndarray:
    first, *rest = (_numbers(results, place, unit) for place in side.at)
    return first - rest[0] if rest else first


def _numbers(results: Mapping, place: str, unit: str) -> np.ndarray:
    """Return the numbers at a place, one for each seed or document, or a single one.

    What was measured by seed gives each document the mean over the seeds.
    """
    name, *keys = place.split(" / ")
    top = results.get(name)
    # Once, a list of numbers is a row of documents; by seed, each seed has its branch.
    by_seed = isinstance(top, list) and (keys or unit == "seeds")
    branches = top if by_seed else [None if unit == "seeds" else top]
    found = []
    for branch in branches:
        for key in keys:
            branch = branch.get(key) if isinstance(branch, dict) else None
        found.append(branch)
    try:
        numbers = np.asarray(found, dtype=float)  # None becomes NaN
    except (TypeError, ValueError):
        numbers = np.array(math.nan)
    if np.isnan(numbers).any():
        raise ClaimError(f"no number at {place!r}; results have: {', '.join(results)}")
    if numbers.ndim != (2 if unit == "documents" else 1):
        raise ClaimError(f"what stands at {place!r} does not fit the unit {unit!r}")
    if unit == "documents" and by_seed and len(numbers) < 3:
        raise ClaimError(f"{place!r} rests on {len(numbers)} seeds, 3 or more")
    return numbers if unit == "seeds" else numbers.mean(axis=0)
