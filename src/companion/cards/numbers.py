"""The numbers of claim cards: their units, their decimals, their direction in words.

Chapters: all. What a card shows agrees by eye: the two sides have as many decimals as
it takes for their shown difference, or ratio, to be the shown effect.
"""

import math
from collections.abc import Sequence

import numpy as np

from companion.records import verdicts
from companion.records.claims import IN_PER_CENT, Paper
from companion.records.verdicts import Judged

IN_POINTS = ("accuracy", "share")
DOWN_AND_UP = {"perplexity": ("lower", "higher"), "count": ("fewer", "more")}
AS = {"perplexity": "high", "count": "many"}


def is_finite(judged: Judged) -> bool:
    """Say whether both sides of a finding are finite."""
    return math.isfinite(judged.measured) and math.isfinite(judged.control)


def has_interval(judged: Judged) -> bool:
    """Say whether a finding has an interval that can be drawn."""
    return judged.finding.unit != "count" and is_finite(judged)


def per_cent(pair: Judged | Paper) -> float:
    """Return the difference of a pair in per cent of its control."""
    return 100 * (pair.measured - pair.control) / pair.control


def number(value: float, digits: int) -> str:
    """Return a number without sign, or with a proper minus."""
    return f"{round(value, digits) + 0.0:,.{digits}f}".replace("-", "−")


def digits_beside(
    values: Sequence[float], bounds: Sequence[float], first: int = 1
) -> int:
    """Return the decimals, 3 at most, with which values keep their side of bounds."""
    exact = np.subtract.outer(values, bounds)
    for digits in range(first, 3):
        shown = np.subtract.outer(np.round(values, digits), bounds)
        if (np.sign(shown) == np.sign(exact)).all():
            return digits
    return 3


def unit(metric: str) -> str:
    """Return the unit of a metric's effects."""
    return "points" if metric in IN_POINTS else "nats" if metric == "nats" else "%"


def direction(metric: str, value: float) -> str:
    """Return which way a difference goes, in the metric's own word."""
    return DOWN_AND_UP.get(metric, ("less", "more"))[value > 0]


def effect_in_words(metric: str, value: float, digits: int) -> str:
    """Return an effect with its unit and direction, such as "9.5 % lower".

    Args:
        metric: The metric it is an effect on, or "relative" for per cent of whatever.
        value: The effect in per cent, points or nats; 100 % or more become a ratio.
        digits: Decimals.
    """
    if value == 0:
        return "no difference"
    if _is_ratio(metric, value):
        return f"{_ratio(value)} times as {AS[metric]}"
    return f"{number(abs(value), digits)} {unit(metric)} {direction(metric, value)}"


def effect(judged: Judged) -> str:
    """Return a finding's effect in words."""
    return effect_in_words(judged.finding.metric, judged.effect, _digits(judged)[1])


def interval(judged: Judged) -> str:
    """Return the ends of a finding's interval; their direction where they differ."""
    metric, ends = judged.finding.metric, (judged.low, judged.high)
    _, digits = _digits(judged)
    if _is_ratio(metric, judged.effect):
        return " to ".join(map(_ratio, ends))
    if judged.low < 0 < judged.high:
        return " to ".join(
            f"{number(abs(end), digits)} {direction(metric, end)}" for end in ends
        )
    return " to ".join(number(end, digits) for end in sorted(map(abs, ends)))


def _least_digits(judged: Judged) -> int:
    """Return the least decimals of a finding's effect and interval.

    They are as many as it takes for no end to look like zero, or like the margin, and
    for the shown effect over the paper's to be the shown ratio.
    """
    finding = judged.finding
    bounds = (0, finding.margin, -finding.margin) if finding.margin else (0,)
    values = (judged.effect, judged.low, judged.high)
    digits = digits_beside(values, bounds, 3 if finding.metric == "nats" else 1)
    if finding.paper and finding.metric in IN_PER_CENT:
        digits = max(digits, paper_digits(judged))
    return digits


def paper_digits(judged: Judged) -> int:
    """Return the decimals of relative effects, ours and the paper's, side by side."""
    finding = judged.finding
    printed = per_cent(finding.paper)
    times = verdicts.times_printed(finding, judged.measured, judged.control)
    if times is None or times[0] != times[1] or finding.claimed == "same":
        return digits_beside([printed], (0,))
    ours = per_cent(judged)
    for digits in (1, 2):
        theirs = round(printed, digits)
        by_eye = round(ours, digits) / theirs if theirs else math.inf
        if times_in_words((by_eye, by_eye)) == times_in_words(times):
            return digits
    return 3


def times_in_words(times: tuple[float, float]) -> str:
    """Return how many times, with decimals that tell it from half and double."""
    digits = max(digits_beside([end], (0, 0.5, 2)) for end in times)
    return " to ".join(dict.fromkeys(number(end, digits) for end in times))


def sides(judged: Judged) -> list[str]:
    """Return the numbers of measurement and control, each with its unit."""
    metric = judged.finding.metric
    digits, _ = _digits(judged)
    shown = []
    for value, side in (
        (judged.measured, judged.finding.measured),
        (judged.control, judged.finding.control),
    ):
        text = "∞" if math.isinf(value) else number(_scaled(metric, value), digits)
        if metric in IN_POINTS:
            text += " points" if len(side.at) > 1 else " %"
        shown.append(text)
    return shown


def _digits(judged: Judged) -> tuple[int, int]:
    """Return the decimals of both sides, and of the effect that they show."""
    metric, least = judged.finding.metric, _least_digits(judged)
    if metric == "count":
        return 0, least
    first = 3 if metric == "nats" else 1
    if not is_finite(judged):
        return first, least
    for sides in range(first, first + 2):
        # A difference may take the sides' decimals; a percentage has its own.
        most = least if metric in IN_PER_CENT else max(sides, least)
        for effect in range(most, least - 1, -1):
            if _agree(judged, sides, effect):
                return sides, effect
    return first + 2, least


def _agree(judged: Judged, digits: int, decimals: int) -> bool:
    """Say whether sides shown with so many digits have the effect that is shown."""
    metric = judged.finding.metric
    ours, theirs = (
        round(_scaled(metric, value), digits)
        for value in (judged.measured, judged.control)
    )
    difference = ours - theirs
    if metric == "perplexity":
        difference = 100 * difference / theirs if theirs else math.inf
    by_eye = effect_in_words(metric, round(difference, 9), decimals)
    return by_eye == effect_in_words(metric, judged.effect, decimals)


def _scaled(metric: str, value: float) -> float:
    return 100 * value if metric in IN_POINTS else value


def _is_ratio(metric: str, effect: float) -> bool:
    return metric in IN_PER_CENT and effect >= 100


def _ratio(effect: float) -> str:
    ratio = 1 + effect / 100
    return number(ratio, 0 if ratio >= 10 else 1)
