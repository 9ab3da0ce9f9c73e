"""Tables of claims: the ledger, and what the source notes got wrong.

Chapters: all; the page is "Claims ledger".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from companion.cards import page, words
from companion.cards.card import WORLDS, ClaimCard


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


def _ledger_lines(row: Sequence[ClaimCard | None]) -> list[str]:
    claim = next(filter(None, row)).claim
    text = words.wrap(f"{claim.id}  {claim.sentence}", rest="     ")
    for card, world in zip(row, WORLDS.values(), strict=True):
        text.append(f"     {world}: {words.signed(card.judged) if card else '—'}")
        text += words.wrap(words.deciding(card.leading), "       ") if card else []
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
                "div", "leading", page.html(words.deciding(card.leading))
            )
            inside = card.badge + leading
        cells += page.tag(
            "td", "cell", inside, names=f'role="cell" data-world="{world}"'
        )
    return f'<tr role="row">{cells}</tr>'
