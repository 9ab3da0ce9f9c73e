"""The strips of a claim card: drawings of its intervals, on a scale in common.

Chapters: all. Findings of one unit share the scale, so that a large effect looks
large beside a small one. What is claimed lies to the right of the line that stands for
no difference. Where the claim is "about the same", the line is in the middle of the
margin.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import floor, log10

from companion.cards import numbers, words
from companion.records import verdicts
from companion.records.verdicts import DIRECTION, Judged

LANE = 26  # height of one lane, pixels
LETTER = 3.1  # width of a letter on the narrowest strip, in per cent of it
ROOM = 21  # what the label of zero needs on either side of it, in per cent
MARGIN = 35  # the margin, where it sets the scale, in per cent to either side
DIAMOND = (
    '<svg x="{x}%" y="{y}" width="1" height="1" overflow="visible"><path fill="none"'
    ' stroke="currentColor" stroke-width="2" d="M0-7L7 0L0 7L-7 0z"/></svg>'
)


@dataclass(frozen=True)
class Scale:
    """Places on a strip.

    Attributes:
        left: How far it reaches on the side that is not claimed, in the effect's unit.
        right: How far on the claimed side.
        sign: -1 where less is claimed, which lies to the right too.
    """

    left: float
    right: float
    sign: int = 1

    def __call__(self, value: float) -> float:
        """Return where a difference lies, in per cent of the strip's width."""
        width = self.left + self.right
        return round(100 * (self.sign * value + self.left) / width, 2)

    @property
    def tick(self) -> float:
        """A round difference on the longer side, to read the scale by."""
        longer = max(self.left, self.right)
        power = 10 ** floor(log10(longer))
        size = max(k * power for k in range(1, 10) if k * power <= longer)
        return self.sign * (size if self.right >= self.left else -size)


def scales(judged: Sequence[Judged]) -> list[Scale | None]:
    """Return the scale of each finding's strip; None where there is none.

    A finding alone in its unit that holds, and that no paper printed, has none: there
    is nothing to compare, and its interval stands in words.
    """
    groups: dict[tuple, list[Judged]] = {}
    for one in judged:
        if numbers.has_interval(one):
            groups.setdefault(_group(one), []).append(one)
    drawn = {key: group for key, group in groups.items() if _is_worth_it(group)}
    found = []
    for one in judged:
        group = drawn.get(_group(one), []) if numbers.has_interval(one) else []
        marks = [mark for other in group for mark in _marks(other)]
        found.append(_scale(one, marks) if marks else None)
    return found


def _is_worth_it(group: Sequence[Judged]) -> bool:
    (one, *others) = group
    return bool(others or one.finding.paper or one.verdict != DIRECTION)


def _group(judged: Judged) -> tuple:
    finding = judged.finding
    return numbers.unit(finding.metric), finding.claimed == "same"


def _sign(judged: Judged) -> int:
    return -1 if judged.finding.claimed == "less" else 1


def _marks(judged: Judged) -> list[float]:
    """Return what a strip must reach, seen from the claimed side."""
    marks = [judged.low, judged.high]
    if judged.finding.paper:
        marks += paper_effects(judged)
        marks += _band(judged) or ()
    if judged.finding.claimed == "same":
        room = judged.finding.margin * 50 / MARGIN
        marks += [-room, room]
    return [_sign(judged) * mark for mark in marks]


def _scale(judged: Judged, marks: Sequence[float]) -> Scale:
    if judged.finding.claimed == "same":
        reach = max(map(abs, marks))
        return Scale(reach, reach)
    right, left = 1.05 * max(0, *marks), 1.05 * max(0, *(-mark for mark in marks))
    # There is room on both sides of zero for its label.
    least = ROOM / (100 - ROOM)
    right = max(right, left * least) or 1
    return Scale(max(left, right * least), right, _sign(judged))


def paper_effects(judged: Judged) -> tuple[float, float]:
    """Return the ends of what ours would be if it were the paper's effect."""
    if judged.finding.claimed == "same":
        return verdicts.printed_effects(judged.finding)
    # In per cent of the control: as points, of its points; as nats, of its nats.
    unit = {"points": 100 * judged.control, "nats": judged.control, "%": 100}
    factor = unit[numbers.unit(judged.finding.metric)]
    first, last = verdicts.printed_shares(judged.finding.paper)
    return factor * first, factor * last


def _band(judged: Judged) -> tuple[float, float] | None:
    """Return within what ours is reproduced; None where rounding leaves nothing."""
    near, far = sorted(paper_effects(judged), key=abs)
    if judged.finding.claimed == "same" or near * far <= 0 or abs(far) > 4 * abs(near):
        return None
    return far / 2, 2 * near


def drawing(judged: Judged, x: Scale) -> str:
    """Return the drawing of a finding: a lane for ours, and one for the paper's."""
    foot = LANE * (2 if judged.finding.paper else 1)
    parts = [*_ground(judged, x, foot), *_ours(judged, x)]
    if judged.finding.paper:
        parts += _papers(judged, x)
    parts += _labels(_ends(judged, x), foot + 15)
    names = f'role="img" aria-label="{escape(_seen(judged))}" width="100%"'
    names += f' height="{foot + 20}" fill="currentColor"'
    return (
        f'<svg {names} style="display:block;flex:1;min-width:0">{"".join(parts)}</svg>'
    )


def legend(drawn: Sequence[Judged]) -> list[str]:
    """Return what the marks on the strips of some findings mean."""
    papers = [one for one in drawn if one.finding.paper]
    text = ["Dot and line: our difference and its interval"] if drawn else []
    if any(one.finding.claimed != "same" for one in drawn):
        text.append("right of “no difference”: what is claimed")
    if any(one.finding.claimed == "same" for one in drawn):
        text.append("dark band: the margin")
    if any(not one.finding.paper.rounded for one in papers):
        text.append("diamond: the paper’s")
    if any(one.finding.paper.rounded for one in papers):
        text.append("open bar: the paper’s, as far as its rounding tells")
    if any(_band(one) for one in papers):
        text.append("dark band: half to double the paper’s")
    return [f"{'; '.join(text)}."] if text else []


def _ground(judged: Judged, x: Scale, foot: int) -> Iterator[str]:
    """Yield the claimed side or the margin, the paper's band, zero and the ticks."""
    margin = judged.finding.margin
    if margin:
        yield _shade(0, 100, foot, 0.07)
        yield _shade(x(-margin), x(margin), foot, 0.16)
    else:
        yield _shade(x(0), 100, foot, 0.07)
        yield _line(x(x.tick), x(x.tick), foot - 5, foot, 1.5)
    if judged.finding.paper and (band := _band(judged)):
        yield _shade(*map(x, band), foot, 0.16)
    yield _line(x(0), x(0), 0, foot, 1.5)


def _ours(judged: Judged, x: Scale) -> Iterator[str]:
    middle, low, high = LANE / 2, x(judged.low), x(judged.high)
    yield _line(low, high, middle, middle, 3)
    for end in (low, high):
        yield _line(end, end, middle - 6, middle + 6, 2)
    yield f'<circle cx="{x(judged.effect)}%" cy="{middle}" r="4.5"/>'


def _papers(judged: Judged, x: Scale) -> Iterator[str]:
    """Yield a diamond, or a bar where rounding hides the place."""
    begin, end = sorted(map(x, paper_effects(judged)))
    middle = 1.5 * LANE
    if begin == end:
        yield DIAMOND.format(x=begin, y=middle)
        return
    place = f'x="{begin}%" y="{middle - 5}" width="{end - begin:.2f}%" height="10"'
    yield f'<rect {place} fill="none" stroke="currentColor" stroke-width="2"/>'


def _ends(judged: Judged, x: Scale) -> list[tuple[float, str]]:
    """Return the labels of a strip with their places, the first the most needed."""
    metric, margin = judged.finding.metric, judged.finding.margin
    if not margin:
        tick = f"{abs(x.tick):g} {numbers.unit(metric)}"
        way = numbers.direction(metric, x.tick)
        return [(x(0), "no difference"), (x(x.tick), f"{tick} {way}")]
    ends = [
        (x(end), f"{sign}{margin:g} {numbers.unit(metric)}")
        for end, sign in ((-margin, "−"), (margin, "+"))
    ]
    return [(x(0), "the same"), *ends]


def _labels(wanted: Sequence[tuple[float, str]], y: float) -> Iterator[str]:
    """Yield labels, each under its place or as near as it fits; none over another."""
    taken: list[tuple[float, float]] = []
    for x, text in wanted:
        half = LETTER * len(text) / 2
        middle = min(max(x, half), 100 - half)
        if any(middle - half < end and begin < middle + half for begin, end in taken):
            continue
        taken.append((middle - half, middle + half))
        at, anchor = x, "middle"
        if middle != x:
            at, anchor = (0, "start") if middle > x else (100, "end")
        place = f'x="{at}%" y="{y}" text-anchor="{anchor}"'
        yield f'<text {place} font-size="12" opacity=".9">{escape(text)}</text>'


def _seen(judged: Judged) -> str:
    """Return what a strip shows, for a reader who cannot see it."""
    finding = judged.finding
    seen = f"{words.with_difference(judged)}; claimed: {finding.claimed}"
    if finding.claimed != "same":
        seen += " than the control"
    if finding.paper:
        ends = paper_effects(judged)
        digits = numbers.digits_beside(ends, (0,), 3 if finding.metric == "nats" else 1)
        sizes = (numbers.effect_in_words(finding.metric, e, digits) for e in ends)
        seen += f"; of the paper’s size it would be {' to '.join(dict.fromkeys(sizes))}"
    return seen


def _shade(begin: float, end: float, height: float, opacity: float) -> str:
    place = f'x="{min(begin, end)}%" width="{abs(end - begin):.2f}%" height="{height}"'
    return f'<rect {place} opacity="{opacity}"/>'


def _line(x1: float, x2: float, y1: float, y2: float, width: float) -> str:
    ends = f'x1="{x1}%" x2="{x2}%" y1="{y1}" y2="{y2}"'
    return f'<line {ends} stroke="currentColor" stroke-width="{width}"/>'
