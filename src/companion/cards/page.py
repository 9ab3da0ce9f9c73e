"""Claim cards on the page: HTML that carries its own style.

Chapters: all. Nothing is smaller than 12 pixels.
"""

from collections.abc import Sequence
from html import escape

from companion.cards import words
from companion.cards.strip import LANE
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
RULE = "1px solid rgba(128,128,128,.4)"
SANS = "font-family:var(--pst-font-family-base,system-ui,sans-serif)"
SMALL = "max(12px,.82em)"
LIST = f"list-style:none;padding:0;{SANS};font-size:.9em"
# How each part looks. Jupyter and Colab read no style sheet of ours, so each part
# carries its own; ink comes from the page, which may be light or dark.
LOOKS = {
    "card": f"border:{RULE};border-left:5px solid;border-radius:6px;margin:.6em 0;"
    "padding:.9em 1.1em;max-width:46em;box-sizing:border-box;line-height:1.45",
    "top": "display:flex;flex-wrap:wrap;gap:.4em 1em;align-items:center;"
    f"justify-content:space-between;{SANS};font-size:{SMALL}",
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
    "sides": "display:grid;gap:.2em .7em;margin:0 0 .5em;padding:0;"
    "grid-template-columns:auto auto minmax(0,1fr);align-items:baseline",
    "name": "float:none;margin:0;padding:0;font-weight:400;opacity:.8",
    "amount": "margin:0;text-align:right;white-space:nowrap;"
    "font-variant-numeric:tabular-nums",
    "words": "margin:0",
    "difference": "flex:1 1 19em;margin:0",
    "sure": "display:inline-block",
    "strip": f"flex:1 1 18em;min-width:0;display:flex;font-size:{SMALL}",
    "lanes": "flex:none;width:3.6em",
    "lane": f"height:{LANE}px;line-height:{LANE}px",
    "paper": "margin:.6em 0 0",
    "foot": f"border-top:{RULE};padding-top:.7em;{SANS};font-size:{SMALL};opacity:.85",
    "details": "border:0;margin:.4em 0 0;padding:0",
    "summary": "cursor:pointer;font:inherit;color:inherit;margin:0",
    "note": "margin:0 0 .2em",
    "box": "overflow-x:auto;margin:1em 0",  # a wide table scrolls, the page does not
    "ledger": f"border-collapse:collapse;border:0;margin:0;{SANS};font-size:.9em;"
    "line-height:1.45",
    "column": "text-align:left;white-space:nowrap;padding:.4em 1em .4em 0;"
    "border-bottom:2px solid",
    "cell": "text-align:left;vertical-align:top;padding:.8em 1em .8em 0;"
    f"border-bottom:{RULE}",
    "source": f"opacity:.8;font-size:{SMALL};margin-top:.3em",
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


def badge(verdict: str, name: str) -> str:
    """Return a verdict's name and shape on its colour."""
    inside = _icon(SHAPES[verdict]) + name
    return tag("span", "badge", inside, more=f";background:{COLOURS[verdict]}")


def finding(judged: Judged, number: int, drawing: str, lanes: Sequence[str]) -> str:
    """Return one finding: what is compared, the numbers, and the strip beside them.

    Args:
        judged: The finding.
        number: Its place on the card.
        drawing: The drawing of its strip, empty where there is none.
        lanes: Names of the strip's lanes, if they need names.
    """
    outcome = f"{_icon(MARKS[judged.verdict])} {words.OUTCOMES[judged.verdict][0]}"
    says = f"<span>{number}. {html(judged.finding.says)}</span>"
    says += tag("strong", "outcome", outcome)
    effect, sure = map(html, words.difference(judged))
    effect = (
        f"<strong>{words.capital(effect)}</strong> {tag('span', 'sure', f'({sure})')}"
    )
    effect = tag("p", "difference", effect)
    beside = _strip(drawing, lanes) if drawing else ""
    parts = [
        tag("p", "says", says),
        _sides(judged),
        tag("div", "halves", effect, beside),
    ]
    if judged.finding.paper:
        parts.append(tag("p", "paper", html(words.printed(judged))))
    return tag("li", "finding", *parts)


def _sides(judged: Judged) -> str:
    cells = ""
    for line, (name, amount, what) in enumerate(words.sides(judged), start=1):
        bold = ";font-weight:650" if line == 1 else ""
        cells += tag("dt", "name", name)
        cells += tag("dd", "amount", html(amount), more=bold)
        cells += tag("dd", "words", html(what))
    return tag("dl", "sides", cells)


def _strip(drawing: str, lanes: Sequence[str]) -> str:
    names = (tag("div", "lane", name) for name in lanes)
    return tag("div", "strip", tag("div", "lanes", *names) if lanes else "", drawing)


def foot(notes: Sequence[str], provenance: Sequence[str]) -> str:
    """Return the notes below a card, and what few readers want folded away."""
    lines = [tag("p", "note", html(note)) for note in notes]
    hidden = (tag("p", "note", html(words.sentence(p))) for p in provenance)
    summary = tag("summary", "summary", "Provenance")
    return tag("footer", "foot", *lines, tag("details", "details", summary, *hidden))
