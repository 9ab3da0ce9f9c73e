"""Data cards: what a data set is, under which licence, and what to beware of.

Chapters: all with a field record; the page is "Data cards". Everything on a card
comes from the registry, so that the page cannot say what the code does not check.
"""

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import Any

from companion.field.counts import count_lines
from companion.field.fetch import registry
from companion.field.table import RULE, Table

GROUPS = {
    "text": ("brown", "wikipedia_2018"),
    "meanings": (
        "analogies",
        "wordsim",
        "coarsewsd20_bank",
        "coarsewsd20_others",
        "coarsewsd20_ood",
    ),
    "labels": (
        "udpos_ewt",
        "wikigold",
        "wnut17",
        "sentence_polarity",
        "snli_devtest",
    ),
    "translation": ("multi30k_en_de",),
    "images": ("mnist", "cifar10_subset", "omniglot_small", "kodak"),
}
BOOKS = "gutenberg_"  # what the names of Project Gutenberg's books begin with
INDENT = " " * 12
WRAP = partial(
    textwrap.wrap,
    width=88,
    subsequent_indent=INDENT,
    break_long_words=False,  # an address stays whole
    break_on_hyphens=False,
)
BADGE = (
    '<span style="border:1px solid currentColor;border-radius:1em;font-size:.7em;'
    'font-weight:400;padding:.1em .6em;margin-left:.3em;white-space:nowrap">'
    "non-commercial</span>"
)


@dataclass(frozen=True)
class Card:
    """What a reader must know of one data set, from its entry in the registry."""

    data_set: dict

    def _repr_html_(self) -> str:
        name, title = self.data_set["name"], self.data_set["title"]
        facts = "".join(
            f'<dt style="margin:0;font-weight:600">{label}</dt>'
            f'<dd style="margin:0">{self._html_lines(label, lines)}</dd>'
            for label, lines in _facts(self.data_set)
        )
        badge = BADGE if self.data_set["non_commercial"] else ""
        return (
            f'<article class="data-card" id="data-{escape(name)}" style="border:{RULE};'
            "border-radius:8px;padding:1em 1.2em;margin:1.2em 0;font-size:.95em;"
            'overflow-wrap:anywhere">'
            '<h3 style="margin:0 0 .5em;font-size:1.2em;line-height:1.4">'
            f'{escape(title)} <code style="font-size:.7em">{escape(name)}</code> '
            f"{badge}</h3>"
            f'<p style="margin:0 0 .8em">{escape(self.data_set["description"])}.</p>'
            '<dl style="display:grid;grid-template-columns:4.8em minmax(0,1fr);'
            f'gap:.5em 1em;margin:0;line-height:1.5">{facts}</dl></article>'
        )

    def _html_lines(self, label: str, lines: Sequence[str]) -> str:
        if label == "Address":
            place = f"{self.data_set['repo']}, commit {self.data_set['commit'][:7]}"
            return f'<a href="{escape(lines[0])}">{escape(place)}</a>'
        # A label and its number stay on one line.
        kept = [re.sub(r": (?=\d)", ":&nbsp;", escape(line)) for line in lines]
        return "".join(f'<div style="margin:0 0 .2em">{line}</div>' for line in kept)

    def __repr__(self) -> str:
        badge = ", non-commercial" if self.data_set["non_commercial"] else ""
        text = [f"{self.data_set['title']} ({self.data_set['name']}){badge}"]
        text += textwrap.wrap(f"{self.data_set['description']}.", 88)
        for label, lines in _facts(self.data_set):
            begin = f"  {label:<10}"
            for line in lines:
                text += WRAP(line, initial_indent=begin)
                begin = INDENT
        return "\n".join(text)


@dataclass(frozen=True)
class Cards:
    """Cards and tables, one below the other."""

    parts: tuple[Any, ...]

    def _repr_html_(self) -> str:
        return "".join(part._repr_html_() for part in self.parts)

    def __repr__(self) -> str:
        return "\n\n".join(map(repr, self.parts))


def card(name: str, data_sets: Mapping[str, dict] | None = None) -> Card:
    """Return the card of one data set.

    Args:
        name: Name of the data set, such as "brown".
        data_sets: A registry; the book's own by default.

    Raises:
        KeyError: There is no data set of that name.
    """
    return Card((registry() if data_sets is None else data_sets)[name])


def group(name: str) -> Cards:
    """Return the cards of one group of data sets.

    Args:
        name: Name of the group, a key of `GROUPS`.

    Raises:
        KeyError: There is no group of that name.
    """
    return Cards(tuple(map(card, GROUPS[name])))


def books() -> Cards:
    """Return one card for what the books of Project Gutenberg share, and a table."""
    rows = [
        (
            book["title"],
            _author(book),
            f"{book['counts']['words']:,}",
            f"{book['counts']['bank'] + book['counts']['banks']:,}",
            megabytes(book["bytes"]),
            book["name"].removeprefix(BOOKS),
        )
        for book in _books()
    ]
    header = ("Book", "Author", "Words", "“bank(s)”", "Size", f"{BOOKS}…")
    links = tuple(map(_address, _books()))
    return Cards((Card(_shelf()), Table(header, tuple(rows), links, right=(2, 3, 4))))


def overview() -> Table:
    """Return a table of all data sets, a row each; Project Gutenberg's share one."""
    sets = [registry()[name] for names in GROUPS.values() for name in names]
    sets.append(_shelf())
    rows = [
        (
            data_set["title"],
            ", ".join(map(str, data_set["chapters"])),
            megabytes(data_set["bytes"]),
            terms(data_set),
        )
        for data_set in sets
    ]
    links = tuple(f"#data-{data_set['name']}" for data_set in sets)
    header = ("Data set", "Chapters", "Size", "Terms")
    return Table(header, tuple(rows), links, right=(2,))


def terms(data_set: dict) -> str:
    """Return a data set's licence in a few words, with "non-commercial" where it is."""
    short = re.split(r" \(|; |: |, which", data_set["licence"])[0]
    if data_set["non_commercial"] and "non-commercial" not in short:
        return f"{short}, non-commercial"
    return short


def megabytes(size: int) -> str:
    """Return a number of bytes as megabytes, or as kilobytes below one.

    >>> megabytes(3_314_357), megabytes(54_732)
    ('3.3 MB', '55 kB')
    """
    if size < 1_000_000:
        return f"{size / 1000:.0f} kB"
    return f"{size / 1_000_000:,.1f} MB"


def _facts(data_set: dict) -> list[tuple[str, list[str]]]:
    """Return what stands on a card: labels, each with its lines."""
    count = len(data_set["files"])
    files = f"{count} file{'s' * (count != 1)}"
    *first, last = map(str, data_set["chapters"])
    facts = [
        ("Chapters", [f"{', '.join(first)} and {last}" if first else last]),
        ("Licence", [_sentence(data_set["licence"])]),
        ("Stated in", [f"{data_set['licence_source']}."]),
        ("Size", [f"{megabytes(data_set['bytes'])} in {files}"]),
        ("Counts", count_lines(data_set["counts"])),
        ("Format", [f"{data_set['format']}."]),
    ]
    if "note" in data_set:
        facts.append(("Note", [f"{data_set['note']}."]))
    if not data_set["name"].startswith(BOOKS):  # their table links to each
        facts.append(("Address", [_address(data_set)]))
    return facts


def _books() -> list[dict]:
    """Return the entries of Project Gutenberg's books, by author."""
    found = [ds for name, ds in registry().items() if name.startswith(BOOKS)]
    return sorted(found, key=lambda book: _author(book).split()[-1])


def _author(book: dict) -> str:
    return book["description"].partition(",")[0]


def _shelf() -> dict:
    """Return an entry for all books of Project Gutenberg together."""
    sets = _books()
    others = [book["title"] for book in sets if book["counts"]["encoding"] != "utf-8"]
    return sets[0] | {
        "name": f"{BOOKS}…",
        "title": "Books of Project Gutenberg",
        "description": f"{len(sets)} books in English, one file each, listed below",
        "bytes": sum(book["bytes"] for book in sets),
        "files": [file for book in sets for file in book["files"]],
        "counts": {"words": sum(book["counts"]["words"] for book in sets)},
        "format": f"{sets[0]['format']}. UTF-8, but latin-1 for {', '.join(others)}",
    }


def _address(data_set: dict) -> str:
    """Return the address of the repository at the pinned commit."""
    return f"https://github.com/{data_set['repo']}/tree/{data_set['commit']}"


def _sentence(text: str) -> str:
    return text if text.endswith((".", ".”")) else f"{text}."
