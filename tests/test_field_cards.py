"""Data cards: what the page says of each data set, from the registry."""

import re
from html.parser import HTMLParser

import pytest

from companion import field
from companion.field import cards
from companion.field.counts import count_lines
from companion.field.table import Table

ENTRY = {
    "name": "toy",
    "title": "Toy <corpus>",
    "description": "Two & a half sentences",
    "chapters": [2, 3, 5],
    "repo": "owner/repo",
    "commit": "ab" * 20,
    "licence": "“Play <only>.”",
    "licence_source": "README.md",
    "non_commercial": True,
    "note": "Beware of <b>",
    "format": "One sentence a line",
    "bytes": 3_300_000,
    "counts": {"sentences": 2, "labels": {"a<b": 1, "c": 1}},
    "files": [{"path": "toy/a.txt"}],
}
ALL = [*(n for names in cards.GROUPS.values() for n in names)]


class Checker(HTMLParser):
    """Fails on tags that do not close; keeps what is read, and each tag seen."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.text = [], [], ""
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += f" {data}"


def whole_page():
    groups = [cards.group(name) for name in cards.GROUPS]
    return [cards.overview(), *groups, cards.books()]


def test_every_data_set_has_one_place_on_the_page():
    books = [name for name in field.registry() if name.startswith(cards.BOOKS)]
    assert sorted(ALL + books) == sorted(field.registry())
    assert len(cards.books().parts[1].rows) == len(books)


def test_a_card_says_all_that_the_registry_says():
    card = cards.card("toy", {"toy": ENTRY})
    assert repr(card).splitlines() == [
        "Toy <corpus> (toy), non-commercial",
        "Two & a half sentences.",
        "  Chapters  2, 3 and 5",
        "  Licence   “Play <only>.”",
        "  Stated in README.md.",
        "  Size      3.3 MB in 1 file",
        "  Counts    2 sentences",
        "            labels: a<b: 1; c: 1",
        "  Format    One sentence a line.",
        "  Note      Beware of <b>.",
        f"  Address   https://github.com/owner/repo/tree/{'ab' * 20}",
    ]


def test_the_page_says_what_the_text_says_and_escapes_it():
    card = cards.card("toy", {"toy": ENTRY})
    html = Checker(card._repr_html_())
    for said in ("Toy <corpus>", "Two & a half", "a<b: 1; c: 1", "Beware of <b>."):
        assert said in html.text.replace("\xa0", " ")
    assert "non-commercial" in html.text
    assert not [tag for tag, _ in html.tags if tag in ("b", "corpus", "only")]
    [link] = [attributes for tag, attributes in html.tags if tag == "a"]
    assert link["href"] == f"https://github.com/owner/repo/tree/{'ab' * 20}"


def test_only_data_sets_that_forbid_commerce_carry_the_mark():
    open_to_all = {"toy": {**ENTRY, "non_commercial": False}}
    card = cards.card("toy", open_to_all)
    assert "non-commercial" not in card._repr_html_() + repr(card)


def test_a_licence_in_short_never_loses_that_commerce_is_forbidden():
    for data_set in field.registry().values():
        short = cards.terms(data_set)
        assert 0 < len(short) <= 60
        assert ("non-commercial" in short) == data_set["non_commercial"]


def test_the_terms_of_the_overview_are_the_first_words_of_the_licence():
    entry = {"non_commercial": False, "licence": "CC BY 4.0 (text); the code is MIT"}
    assert cards.terms(entry) == "CC BY 4.0"
    entry = {"non_commercial": True, "licence": "CC BY-NC 4.0"}
    assert cards.terms(entry) == "CC BY-NC 4.0, non-commercial"


def test_every_link_of_the_overview_leads_to_a_card():
    overview, *rest = whole_page()
    there = {
        attributes["id"]
        for part in rest
        for tag, attributes in Checker(part._repr_html_()).tags
        if tag == "article"
    }
    assert {link.removeprefix("#") for link in overview.links} == there


def test_the_whole_page_is_well_formed_and_styles_nothing_but_itself():
    for part in whole_page():
        html = part._repr_html_()
        Checker(html)
        assert "<style" not in html
        assert "<script" not in html
        # A fixed colour would be lost on a dark page or on a light one.
        assert not re.search(
            r"#[0-9a-f]{3,6}\b(?!-)", re.sub(r'href="[^"]*"', "", html)
        )


def test_what_the_books_share_is_the_same_for_each():
    shared = cards.books().parts[0].data_set
    for name, data_set in field.registry().items():
        if name.startswith(cards.BOOKS):
            for key in ("licence", "licence_source", "chapters", "non_commercial"):
                assert data_set[key] == shared[key]
    assert "latin-1 for The Wealth of Nations" in shared["format"]


def test_no_line_of_counts_fills_a_screen():
    for data_set in field.registry().values():
        for line in count_lines(data_set["counts"]):
            assert len(line) < 300
            assert "{" not in line


def test_the_introduction_names_every_set_that_forbids_commerce(root):
    page = (root / "book" / "data-cards.md").read_text(encoding="utf-8")
    for data_set in field.registry().values():
        if data_set["non_commercial"]:
            assert re.split(r"[:,]", data_set["title"])[0] in page


def test_the_page_shows_every_group(root):
    page = (root / "book" / "data-cards.md").read_text(encoding="utf-8")
    for name in cards.GROUPS:
        assert f'cards.group("{name}")' in page
    assert "cards.overview()" in page
    assert "cards.books()" in page


@pytest.mark.parametrize(
    ("counts", "lines"),
    [
        ({"tokens": 1_200_000, "types": 5}, ["1,200,000 tokens, 5 types"]),
        ({"train.txt": 40}, ["train.txt: 40"]),
        ({"tokens": 7, "bank": 3}, ["7 tokens, 3 times “bank”"]),
        # Below a table "bank" is a label, not the word that is counted.
        ({"per_word": {"bank": 3, "bow": 1}}, ["by word: bank: 3; bow: 1"]),
        ({"classes": {"1": 5, "0": 4}}, ["classes: 0: 4; 1: 5"]),
        ({"size": [8, 9]}, ["size: 8 × 9"]),
        ({"first10": [1, 2, 3, 4]}, ["first ten labels: 1, 2, 3, 4"]),
        ({"dev": {"a": 2, "b": 2, "c": 2}}, ["dev: 2 in each of a, b, c"]),
        ({"dev": {"lines": {"a": 2, "b": 3}}}, ["dev: lines (a: 2; b: 3)"]),
        ({"tags": dict.fromkeys(map(chr, range(97, 123)), 0) | {"z": 10**6}}, None),
    ],
)
def test_counts_become_lines(counts, lines):
    if lines is None:
        lines = ["tags: " + "; ".join(f"{c}: {n:,}" for c, n in counts["tags"].items())]
    assert count_lines(counts) == lines


def test_a_table_too_long_for_a_card_is_left_out_and_the_line_says_so():
    table = {f"word{i}": {"train": i} for i in range(40)}
    assert count_lines({"per_word": table}) == ["by word: 40 entries, left out here"]


def test_a_table_as_text_stands_in_columns():
    table = Table(
        ("Data set", "Size"), (("a", "3 kB"), ("bb", "10 MB")), ("#a", "#b"), right=(1,)
    )
    assert repr(table).splitlines() == [
        "Data set   Size",
        "a          3 kB",
        "bb        10 MB",
    ]
