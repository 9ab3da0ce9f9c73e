"""Claim cards in words: numbers with their units, verdicts and their reasons.

Chapters: all. The page and the plain text of a card say the same.
"""

import math
import textwrap
from collections.abc import Sequence

from companion.records.claims import Paper
from companion.records.verdicts import (
    AGAINST,
    DIRECTION,
    NOT_REPRODUCED,
    REPRODUCED,
    Judged,
)

# A verdict's words, and its sign: a disc that is full, half full, empty, or a cross.
BADGES = {
    REPRODUCED: ("Reproduced", "●"),
    DIRECTION: ("Holds in direction", "◐"),
    NOT_REPRODUCED: ("Not reproduced", "○"),
    AGAINST: ("Against the claim", "✕"),
}
# The same for a single finding.
OUTCOMES = {
    REPRODUCED: ("reproduced", "✓"),
    DIRECTION: ("holds", "✓"),
    NOT_REPRODUCED: ("not shown", "○"),
    AGAINST: ("the opposite", "✕"),
}
EFFECT_UNITS = {"accuracy": "points", "share": "points", "nats": "nats"}  # else "%"
WIDTH = 92  # of the plain text, characters


def _is_finite(judged: Judged) -> bool:
    return math.isfinite(judged.measured) and math.isfinite(judged.control)


def has_interval(judged: Judged) -> bool:
    """Say whether a finding has an interval that can be drawn."""
    return judged.finding.unit != "count" and _is_finite(judged)


def _amount(metric: str, value: float, gain: bool) -> str:
    """Return one side's number with its unit; `gain` says that it is a difference."""
    if math.isinf(value):
        return "∞"
    if metric in ("accuracy", "share"):
        text = f"{100 * value:.1f} {'points' if gain else '%'}"
    else:
        style = {"perplexity": ",.1f", "count": ",.0f", "nats": ".3f"}[metric]
        text = f"{value:{style}}"
    return text.replace("-", "−")


def signed_numbers(metric: str, *values: float) -> list[str]:
    """Return differences with as many digits as it takes for none to look like zero."""
    digits = 3 if metric == "nats" else 1
    while digits < 3 and any(0 < abs(v) < 0.5 * 10**-digits for v in values):
        digits += 1
    return [f"{v:+,.{digits}f}".replace("-", "−") for v in values]


def sides(judged: Judged) -> list[tuple[str, str]]:
    """Return the numbers of measurement and control, each with its words."""
    metric, measured = judged.finding.metric, judged.finding.measured
    control = judged.finding.control
    ours = _amount(metric, judged.measured, gain=len(measured.at) > 1)
    other = _amount(metric, judged.control, gain=len(control.at) > 1)
    return [(ours, measured.what), (other, f"{control.what} (control)")]


def difference(judged: Judged) -> tuple[str, str]:
    """Return the difference, and how sure it is."""
    if not _is_finite(judged):
        return "No finite difference", "so no interval"
    metric = judged.finding.metric
    numbers = signed_numbers(metric, judged.effect, judged.low, judged.high)
    effect = f"{numbers[0]} {EFFECT_UNITS.get(metric, '%')}"
    if judged.finding.unit == "count":
        return effect, "counted, so no interval"
    return effect, f"95 % interval {numbers[1]} to {numbers[2]}"


def _per_cent(pair: Judged | Paper) -> float:
    """Return the difference of a pair in per cent of its control."""
    return 100 * (pair.measured - pair.control) / pair.control


def paper_effect(judged: Judged) -> float:
    """Return how large ours would be if it were the paper's share of the control."""
    size = _per_cent(judged.finding.paper)
    scales = {"accuracy": judged.control, "nats": judged.control / 100}
    scales["share"] = scales["accuracy"]
    return size * scales.get(judged.finding.metric, 1)


def _times(judged: Judged) -> float | None:
    """Return how many times the paper's effect ours is, None where nothing tells."""
    if not _is_finite(judged) or judged.control == 0:
        return None
    return _per_cent(judged) / _per_cent(judged.finding.paper)


def _times_in_words(times: float | None) -> str:
    if times is None:
        return "beyond comparison with that"
    if times < 0:
        return "of the other sign"
    return f"{times:.{1 if times >= 0.1 else 2}f} times that"


def printed(judged: Judged) -> str:
    """Return what the paper printed, and how ours compares."""
    metric, paper = judged.finding.metric, judged.finding.paper
    pair, times = f"{paper.measured:,} against {paper.control:,}", _times(judged)
    (theirs,) = signed_numbers("", _per_cent(paper))
    ours = ""
    if metric in EFFECT_UNITS and times is not None:
        ours = f", {signed_numbers('', _per_cent(judged))[0]} % of the control,"
    size = _times_in_words(times)
    return f"The paper: {pair}, {theirs} % ({paper.source}). Ours{ours} is {size}."


def reason(judged: Sequence[Judged], leading: Judged) -> str:
    """Return a line that says why a claim has its verdict, which `leading` shows."""
    if leading.verdict in (NOT_REPRODUCED, AGAINST):
        return _why_it_failed(judged, leading.verdict)
    many = len(judged) > 1
    begin = f"{'Every' if many else 'The'} difference lies on the claimed side"
    if not leading.finding.paper:
        return f"{begin}; no paper printed its size."
    where = f" in finding {judged.index(leading) + 1}" if many else ""
    times = _times(leading)
    size = _times_in_words(times).replace("that", "the paper's")
    if leading.verdict == REPRODUCED:
        return f"{begin}, and the effect{where} is {size}: within half and double."
    bound = ": less than half" if times and times < 0.5 else ": more than double"
    return f"{begin}, but the effect{where} is {size}{bound if times else ''}."


def _why_it_failed(judged: Sequence[Judged], verdict: str) -> str:
    *first, last = (str(i) for i, j in enumerate(judged, 1) if j.verdict == verdict)
    where = f"findings {', '.join(first)} and {last}" if first else f"finding {last}"
    begin = f"In {where} the" if len(judged) > 1 else "The"
    if verdict == AGAINST:
        return f"{begin} difference goes the other way: the opposite of the claim."
    return f"{begin} interval holds zero: there may be no difference at all."


def in_words(judged: Judged) -> str:
    """Return the metric and the numbers of both sides."""
    both = ", ".join(f"{number} {what}" for number, what in sides(judged))
    return f"{capital(judged.finding.metric)}: {both}"


def against_paper(judged: Judged) -> str:
    """Return the metric and the numbers of both sides, and those of the paper."""
    paper = judged.finding.paper
    theirs = f"; paper: {paper.measured:,} against {paper.control:,}" if paper else ""
    return in_words(judged) + theirs


def signed(verdict: str) -> str:
    """Return a verdict behind its sign."""
    words, sign = BADGES[verdict]
    return f"{sign} {words.lower()}"


def wrap(text: str, begin: str = "", rest: str = "") -> list[str]:
    """Return the lines of a text, the first after `begin`, the others after `rest`."""
    rest = rest or begin
    return textwrap.wrap(text, WIDTH, initial_indent=begin, subsequent_indent=rest)


def sentence(text: str) -> str:
    """Return a text with a full stop."""
    return text if text.endswith((".", "?", "!")) else f"{text}."


def capital(text: str) -> str:
    """Return a text that begins with a capital."""
    return text[:1].upper() + text[1:]
