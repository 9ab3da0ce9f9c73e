"""Claim cards in words: verdicts and their reasons, ours beside the paper's.

Chapters: all. The page and the plain text of a card say the same.
"""

import textwrap
from collections.abc import Sequence

from companion.cards import numbers
from companion.cards.numbers import per_cent
from companion.records import verdicts
from companion.records.claims import IN_PER_CENT
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
NOT_SHOWN = "Not shown"  # where no paper printed what could be reproduced
# The same for a single finding.
OUTCOMES = {
    REPRODUCED: ("reproduced", "✓"),
    DIRECTION: ("holds", "✓"),
    NOT_REPRODUCED: ("not shown", "○"),
    AGAINST: ("the opposite", "✕"),
}
ROUNDED = ", whose numbers are rounded"
WIDTH = 92  # of the plain text, characters


def badge(judged: Sequence[Judged]) -> str:
    """Return the verdict on a claim in words."""
    verdict = verdicts.verdict(tuple(judged))
    if verdict == NOT_REPRODUCED and not any(j.finding.paper for j in judged):
        return NOT_SHOWN
    return BADGES[verdict][0]


def signed(judged: Sequence[Judged]) -> str:
    """Return the verdict on a claim behind its sign."""
    sign = BADGES[verdicts.verdict(tuple(judged))][1]
    return f"{sign} {badge(judged).lower()}"


def sides(judged: Judged) -> list[tuple[str, str, str]]:
    """Return for measurement and control: which it is, its number, and its words."""
    finding, (ours, theirs) = judged.finding, numbers.sides(judged)
    return [
        (capital(finding.metric), ours, finding.measured.what),
        ("Control", theirs, finding.control.what),
    ]


def difference(judged: Judged) -> tuple[str, str]:
    """Return the difference, and how sure it is."""
    if not numbers.is_finite(judged):
        return "no finite difference", "no interval"
    if judged.finding.unit == "count":
        return numbers.effect(judged), "counted, no interval"
    sure = f"95 % interval {numbers.interval(judged)}"
    if judged.finding.claimed == "same":
        unit = numbers.unit(judged.finding.metric)
        sure += f"; margin {judged.finding.margin:g} {unit}"
    return numbers.effect(judged), sure


def printed(judged: Judged) -> str:
    """Return what the paper printed, and how ours compares."""
    finding, paper = judged.finding, judged.finding.paper
    pair = f"Paper: {paper.measured:,} against {paper.control:,}"
    if finding.claimed == "same":
        # Its effect is told as ours is; else both are told as shares of the control.
        relative = finding.metric in IN_PER_CENT
        theirs = per_cent(paper) if relative else paper.measured - paper.control
        bounds = (0, finding.margin, -finding.margin)
        digits = numbers.digits_beside([theirs], bounds)
        size = numbers.effect_in_words(finding.metric, theirs, digits)
        compared = _beside_margin(judged)
    else:
        metric = finding.metric if finding.metric in IN_PER_CENT else "relative"
        digits = numbers.paper_digits(judged)
        size = numbers.effect_in_words(metric, per_cent(paper), digits)
        compared = _compared(judged, digits)
    return f"{pair}, {size} ({paper.source}). {compared}."


def _beside_margin(judged: Judged) -> str:
    within = _within_margin(judged)
    if judged.finding.paper.rounded and within:
        return "That is within the margin, whatever the rounding"
    return f"That is {'within' if within else 'not surely within'} the margin"


def _within_margin(judged: Judged) -> bool:
    largest = max(map(abs, verdicts.printed_effects(judged.finding)))
    return largest <= judged.finding.margin


def _compared(judged: Judged, digits: int) -> str:
    ours = ""
    if judged.finding.metric not in IN_PER_CENT and times_printed(judged):
        share = numbers.effect_in_words("relative", per_cent(judged), digits)
        ours = f", {share} than the control,"
    return f"Our effect{ours} is {size(judged)}"


def times_printed(judged: Judged) -> tuple[float, float] | None:
    """Return how many times the paper's effect ours is, as the rule has it."""
    return verdicts.times_printed(judged.finding, judged.measured, judged.control)


def size(judged: Judged, rounding: bool = True) -> str:
    """Return our effect beside the paper's; `rounding` to say that its are rounded."""
    times = times_printed(judged)
    rounded = ROUNDED if rounding and judged.finding.paper.rounded else ""
    if times is None:
        return f"beyond comparison with the paper’s{rounded}"
    if times[1] <= 0:
        return "of the other sign than the paper’s"
    return f"{numbers.times_in_words(times)} times the paper’s{rounded}"


def in_words(judged: Judged) -> str:
    """Return the numbers of both sides, each with what it is."""
    ours, control = (f"{name}: {num} {what}" for name, num, what in sides(judged))
    return f"{ours}; {control.lower()[:1]}{control[1:]}"


def with_difference(judged: Judged) -> str:
    """Return the difference with its interval in one line."""
    effect, sure = difference(judged)
    return f"{capital(effect)} ({sure})"


def deciding(judged: Judged) -> str:
    """Return the numbers of a finding, its difference, and the paper's numbers."""
    paper = judged.finding.paper
    theirs = f" Paper: {paper.measured:,} against {paper.control:,}." if paper else ""
    return f"{in_words(judged)}. {with_difference(judged)}.{theirs}"


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
