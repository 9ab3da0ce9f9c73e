"""Claim cards and the ledger: what was claimed, did it hold, and by how much.

Chapters: all; the page is "Claims ledger". Numbers and verdicts come from
`records.verdicts`; `words` says them, and `page` gives them a place on the page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from html import escape
from pathlib import Path

from companion import records
from companion.cards import page, words
from companion.records import claims, verdicts
from companion.records.claims import CLAIMS, Claim, ClaimError, Finding
from companion.records.verdicts import AGAINST, NOT_REPRODUCED, Judged

__all__ = ["ClaimCard", "Errata", "Ledger", "claim", "errata", "ledger"]

WORLDS = {"lab": "in the lab", "field": "on real text"}


@dataclass(frozen=True)
class ClaimCard:
    """A claim in one world, with its numbers and its verdict.

    Attributes:
        claim: What is claimed.
        world: "lab" or "field".
        judged: Its findings in this world, with their numbers.
        origin: Where the numbers come from, and how the intervals were made.
    """

    claim: Claim
    world: str
    judged: tuple[Judged, ...]
    origin: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """The verdict that the rule gives."""
        return verdicts.verdict(self.judged)

    @property
    def title(self) -> str:
        """Which claim, and in which world."""
        return f"Claim {self.claim.id} · {WORLDS[self.world]}"

    @property
    def anchor(self) -> str:
        """The card's id on its page."""
        return f"claim-{self.claim.id.replace('.', '-')}-{self.world}"

    @property
    def link(self) -> str:
        """The card's address, as seen from a page in `book/`."""
        return f"../notebooks/{self.claim.notebook}.html#{self.anchor}"

    @property
    def leading(self) -> Judged:
        """The finding that the verdict turns on: one that failed, or has a paper."""
        same = [j for j in self.judged if j.verdict == self.verdict]
        if self.verdict in (NOT_REPRODUCED, AGAINST):
            return same[0]
        printed = [j for j in self.judged if j.finding.paper]
        return [*(j for j in same if j in printed), *printed, *same][0]

    def _notes(self) -> list[str]:
        return [
            words.sentence(n) for n in (f"Source: {self.claim.source}", *self.origin)
        ]

    def _repr_html_(self) -> str:
        title = page.tag("span", "muted", escape(self.title))
        heading = 'role="heading" aria-level="3"'
        findings = "".join(
            page.finding(j, i) for i, j in enumerate(self.judged, start=1)
        )
        notes = self._notes()
        if any(j.finding.paper and words.has_interval(j) for j in self.judged):
            notes.append("Band around a diamond: half to double the paper's effect.")
        parts = [
            page.tag("div", "top", title + page.badge(self.verdict)),
            page.tag("p", "sentence", escape(self.claim.sentence), names=heading),
            page.tag("p", "reason", page.html(words.reason(self.judged, self.leading))),
            page.tag("ol", "findings", findings),
            page.tag(
                "footer", "foot", *(page.tag("p", "note", page.html(n)) for n in notes)
            ),
        ]
        label = escape(f"{self.title}: {words.BADGES[self.verdict][0]}")
        names = f'id="{self.anchor}" class="companion-claim" aria-label="{label}"'
        looks = f";border-left-color:{page.COLOURS[self.verdict]}"
        return page.tag("article", "card", *parts, names=names, more=looks)

    def __repr__(self) -> str:
        text = [f"{self.title}: {words.signed(self.verdict)}"]
        text += words.wrap(self.claim.sentence)
        text += words.wrap(words.reason(self.judged, self.leading))
        for number, one in enumerate(self.judged, start=1):
            outcome, sign = words.OUTCOMES[one.verdict]
            text += words.wrap(
                f"{number}. {one.finding.says} {sign} {outcome}", rest="   "
            )
            lines = [words.in_words(one), ", ".join(words.difference(one))]
            lines += [words.printed(one)] if one.finding.paper else []
            text += [row for line in lines for row in words.wrap(line, "   ")]
        return "\n".join(
            text + [row for note in self._notes() for row in words.wrap(note)]
        )


@dataclass(frozen=True)
class Ledger:
    """All claims, a row each.

    Attributes:
        rows: Each claim's cards, one for each of `WORLDS`; None where not measured.
    """

    rows: tuple[tuple[ClaimCard | None, ...], ...]

    def _repr_html_(self) -> str:
        # The roles keep it a table for those who listen, where a style stacks it.
        names = 'scope="col" role="columnheader"'
        titles = ("Claim", *map(words.capital, WORLDS.values()))
        head = "".join(page.tag("th", "column", title, names=names) for title in titles)
        body = "".join(map(_ledger_row, self.rows))
        table = page.tag(
            "table",
            "ledger",
            f'<thead role="rowgroup"><tr role="row">{head}</tr></thead>',
            f'<tbody role="rowgroup">{body}</tbody>',
            names='class="companion-ledger" role="table"',
        )
        names = 'tabindex="0" role="region" aria-label="Claims ledger"'
        return page.tag("div", "box", table, names=names)

    def __repr__(self) -> str:
        return "\n\n".join("\n".join(_ledger_lines(row)) for row in self.rows)


@dataclass(frozen=True)
class Errata:
    """What the source notes got wrong, and what is right.

    Attributes:
        entries: As `claims.errata` returns them.
        links: Addresses of the chapters that have claims, by their number.
    """

    entries: tuple[dict, ...]
    links: dict[str, str]

    def _repr_html_(self) -> str:
        items = []
        for one in self.entries:
            place = f"Chapter {escape(one['chapter'])}"
            if address := self.links.get(one["chapter"]):
                place = page.link(address, place)
            place = page.tag("div", "place", f"{place}, note {one['note']}")
            texts = f"“{page.html(one['says'])}”", f"Rather: {page.html(one['rather'])}"
            sides = (page.tag("p", "side", text) for text in texts)
            items.append(
                page.tag("li", "erratum", place, page.tag("div", "halves", *sides))
            )
        return page.tag("ul", "errata", *items, names='class="companion-errata"')

    def __repr__(self) -> str:
        text = []
        for one in self.entries:
            text += [f"Chapter {one['chapter']}, note {one['note']}"]
            text += words.wrap(f"says: {one['says']}", "  ")
            text += words.wrap(f"rather: {one['rather']}", "  ")
        return "\n".join(text)


def claim(
    id: str, world: str = "field", *, path: Path = CLAIMS, folder: Path | None = None
) -> ClaimCard:
    """Return the card of one claim in one world.

    Args:
        id: Chapter and place in it, such as "2.1".
        world: "lab" or "field".
        path: The claims file.
        folder: Folder of the records; the package's own by default.

    Raises:
        ClaimError: There is no such claim, it has no finding in that world, or a
            record lacks a number.
        RecordError: A record is missing or damaged.
    """
    stated = claims.claims(path)
    if id not in stated:
        raise ClaimError(f"no claim {id!r}; choose from: {', '.join(stated)}")
    there = [name for name in WORLDS if getattr(stated[id], name)]
    if world not in there:
        raise ClaimError(
            f"claim {id} has no finding in {world!r}; choose from: {', '.join(there)}"
        )
    return _card(stated[id], world, folder)


def ledger(*, path: Path = CLAIMS, folder: Path | None = None) -> Ledger:
    """Return all claims with their verdicts.

    Args:
        path: The claims file.
        folder: Folder of the records; the package's own by default.

    Raises:
        ClaimError: A record lacks a number.
        RecordError: A record is missing or damaged.
    """
    rows = [
        tuple(_card(one, w, folder) if getattr(one, w) else None for w in WORLDS)
        for one in claims.claims(path).values()
    ]
    return Ledger(tuple(rows))


def errata(*, path: Path = CLAIMS) -> Errata:
    """Return what the source notes got wrong.

    Args:
        path: The claims file.
    """
    links = {
        one.id.split(".")[0]: f"../notebooks/{one.notebook}.html"
        for one in claims.claims(path).values()
    }
    return Errata(tuple(claims.errata(path)), links)


def _card(claim: Claim, world: str, folder: Path | None) -> ClaimCard:
    findings = getattr(claim, world)
    judged = tuple(verdicts.judge(finding, folder) for finding in findings)
    read = {f.record: records.load(f.record, folder) for f in findings}
    made = [_method(f, read[f.record]) for f in findings if f.unit != "count"]
    origin = [words.capital(records.describe(record)) for record in read.values()]
    if made:
        origin.append(f"95 % intervals: {'; '.join(dict.fromkeys(made))}")
    return ClaimCard(claim, world, judged, tuple(origin))


def _method(finding: Finding, record: dict) -> str:
    """Return how the interval of a finding was made."""
    if finding.unit == "seeds":
        return f"paired t over {len(record['seeds'])} seeds"
    place = finding.weights.split(" / ")
    tokens = reduce(lambda branch, key: branch[key], place, record["results"])
    return f"bootstrap over {len(tokens)} documents"


def _ledger_lines(row: Sequence[ClaimCard | None]) -> list[str]:
    claim = next(filter(None, row)).claim
    text = words.wrap(f"{claim.id}  {claim.sentence}", rest="     ")
    for card, world in zip(row, WORLDS.values(), strict=True):
        text.append(f"     {world}: {words.signed(card.verdict) if card else '—'}")
        text += words.wrap(words.against_paper(card.leading), "       ") if card else []
    return text + words.wrap(words.sentence(f"source: {claim.source}"), "     ")


def _ledger_row(row: Sequence[ClaimCard | None]) -> str:
    first = [card for card in row if card][-1]  # the field's, where there is one
    link = f"<strong>{page.link(first.link, first.claim.id)}</strong>"
    source = page.tag("div", "source", page.html(first.claim.source))
    text = f"{link} {page.html(first.claim.sentence)}{source}"
    cells = page.tag("td", "cell", text, names='role="cell"')
    for card, world in zip(row, WORLDS.values(), strict=True):
        inside = "—"
        if card:
            leading = page.tag(
                "div", "leading", page.html(words.against_paper(card.leading))
            )
            inside = page.badge(card.verdict) + leading
        cells += page.tag(
            "td", "cell", inside, names=f'role="cell" data-world="{world}"'
        )
    return f'<tr role="row">{cells}</tr>'
