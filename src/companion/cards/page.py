"""Claim cards on the page: HTML that carries its own style, and the strip.

Chapters: all. The strip is a drawing of one finding: zero, our difference with its
interval, and the paper's effect.
"""

from collections.abc import Callable, Sequence
from html import escape

from companion.cards import words
from companion.records.verdicts import (
    AGAINST,
    DIRECTION,
    NOT_REPRODUCED,
    REPRODUCED,
    Judged,
)

# A verdict's colour carries white letters on a page of any colour.
COLOURS = {
    REPRODUCED: "#1a6b3c",
    DIRECTION: "#1f5d94",
    NOT_REPRODUCED: "#85550a",
    AGAINST: "#a3271d",
}
RING = '<circle cx="8" cy="8" r="6" stroke="currentColor" stroke-width="2" fill="{}"/>'
CROSS = '<path d="M3 3l10 10M13 3L3 13" stroke="currentColor" stroke-width="3"/>'
TICK = '<path d="M2 9l4 4 8-10" fill="none" stroke="currentColor" stroke-width="2.5"/>'
SHAPES = {
    REPRODUCED: RING.format("currentColor"),
    DIRECTION: RING.format("none") + '<path d="M8 2a6 6 0 0 1 0 12z"/>',
    NOT_REPRODUCED: RING.format("none"),
    AGAINST: CROSS,
}
# What marks a single finding.
MARKS = {
    REPRODUCED: TICK,
    DIRECTION: TICK,
    NOT_REPRODUCED: SHAPES[NOT_REPRODUCED],
    AGAINST: CROSS,
}
DIAMOND = (
    '<svg x="{x}%" y="{y}" width="1" height="1" overflow="visible"><path fill="none"'
    ' stroke="currentColor" stroke-width="2" d="M0-7L7 0L0 7L-7 0z"/></svg>'
)
LANE = 26  # height of one lane of a strip, pixels
RULE = "1px solid rgba(128,128,128,.4)"
SANS = "font-family:var(--pst-font-family-base,system-ui,sans-serif)"
LIST = f"list-style:none;padding:0;{SANS};font-size:.9em"
# How each part looks. Jupyter and Colab read no style sheet of ours, so each part
# carries its own; ink comes from the page, which may be light or dark.
LOOKS = {
    "card": f"border:{RULE};border-left:5px solid;border-radius:6px;margin:.6em 0;"
    "padding:.9em 1.1em;max-width:46em;box-sizing:border-box;line-height:1.45",
    "top": "display:flex;flex-wrap:wrap;gap:.4em 1em;align-items:center;"
    f"justify-content:space-between;{SANS};font-size:.85em",
    "muted": "opacity:.8",
    "badge": "display:inline-flex;align-items:center;gap:.45em;color:#fff;"
    "border-radius:1em;padding:.15em .8em;font-weight:600;white-space:nowrap",
    "icon": "vertical-align:-.12em;flex:none",
    "sentence": "margin:.6em 0 .4em;font-size:1.15em;font-weight:650;line-height:1.35",
    "reason": f"margin:0 0 1em;{SANS};font-size:.95em",
    "findings": f"margin:0;{LIST}",
    "finding": f"margin:0;padding:.8em 0 1em;border-top:{RULE}",
    "says": "margin:0 0 .6em;display:flex;gap:1em;justify-content:space-between",
    "outcome": "white-space:nowrap;flex:none",
    "halves": "display:flex;flex-wrap:wrap;gap:.6em 2em;align-items:flex-start",
    "metric": "margin:0 0 .35em;opacity:.8",
    "sides": "flex:3 1 12em;min-width:0",
    "numbers": "display:grid;grid-template-columns:auto minmax(0,1fr);gap:.2em .7em;"
    "margin:0;padding:0",
    "words": "float:none;margin:0;font-weight:400",
    "amount": "margin:0;text-align:right;white-space:nowrap;"
    "font-variant-numeric:tabular-nums",
    "effect": "flex:1 1 20em;min-width:0",
    "difference": "margin:0 0 .35em",
    "sure": "white-space:nowrap",
    "strip": "display:flex;gap:.7em;font-size:.9em",
    "lanes": "flex:none",
    "lane": f"height:{LANE}px;line-height:{LANE}px",
    "drawing": "display:block;flex:1;min-width:0",
    "paper": "margin:.6em 0 0",
    "foot": f"border-top:{RULE};padding-top:.7em;{SANS};font-size:.78em;opacity:.8",
    "note": "margin:0 0 .2em",
    "box": "overflow-x:auto;margin:1em 0",  # a wide table scrolls, the page does not
    "ledger": f"border-collapse:collapse;border:0;margin:0;{SANS};font-size:.9em;"
    "line-height:1.45",
    "column": "text-align:left;white-space:nowrap;padding:.4em 1em .4em 0;"
    "border-bottom:2px solid",
    "cell": "text-align:left;vertical-align:top;padding:.8em 1em .8em 0;"
    f"border-bottom:{RULE}",
    "source": "opacity:.8;font-size:.88em;margin-top:.3em",
    "leading": "margin-top:.4em",
    "errata": f"margin:1em 0;{LIST};line-height:1.5",
    "erratum": f"margin:0;padding:.7em 0;border-top:{RULE}",
    "place": "margin-bottom:.2em;font-weight:600",
    "link": "color:var(--pst-color-link,inherit)",
    "side": "flex:1 1 15em;margin:0",
}


def tag(name: str, look: str, *content: str, names: str = "", more: str = "") -> str:
    """Return an element that looks as `LOOKS` has it; `names` are its attributes."""
    names = f" {names}" if names else ""
    return f'<{name}{names} style="{LOOKS[look]}{more}">{"".join(content)}</{name}>'


def html(text: str) -> str:
    """Return text for the page, where a number stays with its unit."""
    text = escape(text).replace(" = ", "\u00a0=\u00a0")
    return text.replace(" %", "\u00a0%").replace(" points", "\u00a0points")


def link(address: str, inside: str) -> str:
    """Return a link around HTML."""
    return tag("a", "link", inside, names=f'href="{escape(address)}"')


def _icon(shape: str) -> str:
    size = 'width="1em" height="1em" viewBox="0 0 16 16" fill="currentColor"'
    return tag("svg", "icon", shape, names=f'aria-hidden="true" {size}')


def badge(verdict: str) -> str:
    """Return a verdict's words and shape on its colour."""
    inside = _icon(SHAPES[verdict]) + words.BADGES[verdict][0]
    return tag("span", "badge", inside, more=f";background:{COLOURS[verdict]}")


def finding(judged: Judged, number: int) -> str:
    """Return one finding: what is compared, the numbers, and the strip beside them."""
    outcome = f"{_icon(MARKS[judged.verdict])} {words.OUTCOMES[judged.verdict][0]}"
    says = f"<span>{number}. {html(judged.finding.says)}</span>"
    says += tag("strong", "outcome", outcome)
    parts = [
        tag("p", "says", says),
        tag("div", "halves", _sides(judged), _effect(judged)),
    ]
    if judged.finding.paper:
        parts.append(tag("p", "paper", html(words.printed(judged))))
    return tag("li", "finding", *parts)


def _sides(judged: Judged) -> str:
    cells = ""
    for line, (amount, what) in enumerate(words.sides(judged), start=1):
        # The words name the number, and yet stand behind it.
        cells += tag("dt", "words", html(what), more=f";grid-area:{line}/2")
        bold = ";font-weight:650" if line == 1 else ""
        cells += tag("dd", "amount", html(amount), more=f";grid-area:{line}/1{bold}")
    metric = tag("p", "metric", words.capital(judged.finding.metric))
    return tag("div", "sides", metric, tag("dl", "numbers", cells))


def _effect(judged: Judged) -> str:
    effect, sure = map(html, words.difference(judged))
    effect = f"<strong>{effect}</strong>, {tag('span', 'sure', sure)}"
    strip = _strip(judged) if words.has_interval(judged) else ""
    return tag("div", "effect", tag("p", "difference", effect), strip)


def _strip(judged: Judged) -> str:
    """Return a drawing: zero, our difference with its interval, the paper's effect."""
    more = judged.finding.claimed == "more"
    printed = [words.paper_effect(judged)] if judged.finding.paper else []
    x = scale(
        [judged.low, judged.high, *(k * p for p in printed for k in (0.5, 2))], more
    )
    zero, middle, foot = x(0), LANE / 2, LANE * (1 + len(printed))
    low, high = x(judged.low), x(judged.high)
    parts = [_shade(zero, 100 if more else 0, foot, 0.07)]
    parts += [_shade(x(p / 2), x(2 * p), foot, 0.16) for p in printed]
    parts += [_line(zero, zero, 0, foot, 1.5), _line(low, high, middle, middle, 3)]
    parts += [_line(end, end, middle - 6, middle + 6, 2) for end in (low, high)]
    parts.append(f'<circle cx="{x(judged.effect)}%" cy="{middle}" r="5"/>')
    parts += [DIAMOND.format(x=x(p), y=LANE + middle) for p in printed]
    # Where the claimed side is small, the label of zero keeps off it.
    aside = "middle" if min(zero, 100 - zero) < 35 else "end" if more else "start"
    parts.append(_label(zero, foot, aside, "no difference"))
    claimed = (100, foot, "end", "claimed side →")
    parts.append(_label(*(claimed if more else (0, foot, "start", "← claimed side"))))
    lanes = [tag("div", "lane", name) for name in ("ours", "paper") if printed]
    names = f'role="img" aria-label="{escape(_seen(judged))}" width="100%"'
    names += f' height="{foot + 20}" fill="currentColor"'
    drawing = tag("svg", "drawing", *parts, names=names)
    return tag("div", "strip", tag("div", "lanes", *lanes) if lanes else "", drawing)


def scale(marks: Sequence[float], more: bool) -> Callable[[float], float]:
    """Return what places a difference on a strip, in per cent of its width."""
    sign = 1 if more else -1
    # There is room beside zero for words: two fifths or more on the claimed side.
    claimed = 1.08 * max(0, *(sign * mark for mark in marks))
    other = 1.08 * max(0, *(-sign * mark for mark in marks))
    claimed = max(claimed, other * 2 / 3) or 1
    other = max(other, claimed / 4)
    left, right = (other, claimed) if more else (claimed, other)
    return lambda value: round(100 * (value + left) / (left + right), 2)


def _seen(judged: Judged) -> str:
    """Return what a strip shows, for a reader who cannot see it."""
    seen = ", ".join(words.difference(judged))
    seen += f"; claimed: {judged.finding.claimed} than zero"
    if judged.finding.paper:
        (size,) = words.signed_numbers(
            judged.finding.metric, words.paper_effect(judged)
        )
        seen += f"; of the paper's size it would be {size}"
    return seen


def _shade(begin: float, end: float, height: float, opacity: float) -> str:
    place = f'x="{min(begin, end)}%" width="{abs(end - begin):.2f}%" height="{height}"'
    return f'<rect {place} opacity="{opacity}"/>'


def _line(x1: float, x2: float, y1: float, y2: float, width: float) -> str:
    ends = f'x1="{x1}%" x2="{x2}%" y1="{y1}" y2="{y2}"'
    return f'<line {ends} stroke="currentColor" stroke-width="{width}"/>'


def _label(x: float, y: float, anchor: str, text: str) -> str:
    place = f'x="{x}%" y="{y + 15}" text-anchor="{anchor}"'
    return f'<text {place} font-size="12" opacity=".85">{text}</text>'
