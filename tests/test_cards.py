"""Claim cards and the ledger: what they say, and that they say what was measured."""

import math
import re
from html import unescape
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from companion import cards, records
from companion.cards.page import scale
from companion.cards.words import BADGES, signed, signed_numbers
from companion.records import claims, verdicts

DOCUMENTS = 'weights = "text / tokens"'
PAPER = 'paper = {{ measured = {}, control = {}, source = "Table 5" }}'
STAMP = {"date": "2026-11-21T10:00:00+00:00", "seconds": 42.0, "code": "x"}
SEEDS = [0, 1, 2]
RESULTS = {
    "score": [
        {"with": 0.70, "without": 0.50, "twin": 0.71, "worse": 0.40, "zero": 0.0},
        {"with": 0.71, "without": 0.50, "twin": 0.70, "worse": 0.40, "zero": 0.0},
        {"with": 0.72, "without": 0.50, "twin": 0.72, "worse": 0.41, "zero": 0.0},
    ],
    "text": {
        "tokens": [100, 100, 100, 200],
        "long": [500, 520, 510, 1000],
        "short": [510, 540, 525, 1030],
        "none": [math.inf, 540, 525, 1030],
    },
    "table": {"long": 785_550, "short": 603_215},
}


@pytest.fixture
def world(tmp_path):
    """A folder with one record; returns a function that writes the claims file."""
    measurements = {"settings": STAMP, "score": [STAMP] * 3}
    measurements |= dict.fromkeys(("text", "table"), STAMP)
    record = {
        "name": "tiny",
        "world": "lab",
        "preset": "cpu",
        "seeds": SEEDS,
        "settings": {},
        "results": RESULTS,
        "provenance": {
            "companion": {"version": "0.1.0", "commit": "a" * 40, "changed": False},
            "data": {},
            "machines": [{"device": {"kind": "cpu", "cores": 2}}],
            "measurements": measurements,
        },
    }
    records.save(record, tmp_path)

    def write(*findings, world="field", id="7.1", sentence="Reading on helps."):
        text = f'[[claim]]\nid = "{id}"\nnotebook = "07_gpt"\n'
        text += f'sentence = "{sentence}"\nsource = "Note 3"\n'
        text += "".join(f"[[claim.{world}]]\n{one}\n" for one in findings)
        path = tmp_path / "claims.toml"
        path.write_text(text, encoding="utf-8")
        return {"path": path, "folder": tmp_path}

    return write


def finding(metric, claimed, measured, control, unit, *others, says="It helps."):
    return "\n".join(
        [
            f'says = "{says}"\nrecord = "tiny"\nmetric = "{metric}"',
            f'claimed = "{claimed}"\nunit = "{unit}"',
            f'measured = {{ what = "with it", at = "{measured}" }}',
            f'control = {{ what = "without it", at = "{control}" }}',
            *others,
        ]
    )


def score(control="without", *others, claimed="more", **changed):
    at = "score / with", f"score / {control}", "seeds"
    return finding("accuracy", claimed, *at, *others, **changed)


def perplexity(control="short", *others):
    at = "text / long", f"text / {control}", "documents", DOCUMENTS
    return finding("perplexity", "less", *at, *others)


class Page(HTMLParser):
    """Tags, attributes and text of some HTML."""

    def __init__(self, shown):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(shown._repr_html_())
        self.text = self.text.replace("\u00a0", " ")

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag, name):
        return [a[name] for t, a in self.attributes if t == tag and name in a]


def texts(shown):
    """Return what the page and the plain text say, without line breaks."""
    return Page(shown).text, re.sub(r"\s+", " ", repr(shown))


def test_a_card_has_the_claim_its_source_and_an_id(world):
    card = cards.claim("7.1", **world(score()))
    page = Page(card)
    assert page.all("article", "id") == ["claim-7-1-field"]
    for text in texts(card):
        assert "Claim 7.1 · on real text" in text
        assert "Reading on helps." in text
        assert "Source: Note 3." in text


def test_a_card_has_both_numbers_the_difference_and_its_interval(world):
    # Means: 71.0 and 50.0. Differences 20, 21, 22, so the half width of the interval
    # is 4.303 * 1 / sqrt(3) = 2.48 points.
    card = cards.claim("7.1", **world(score()))
    for text in texts(card):
        assert "71.0 %" in text
        assert "50.0 %" in text
        assert "+21.0 points, 95 % interval +18.5 to +23.5" in text
    assert "Accuracy: 71.0 % with it, 50.0 % without it (control)" in repr(card)


def test_the_numbers_on_a_card_are_those_that_judge_gives(world):
    given = world(perplexity())
    card = cards.claim("7.1", **given)
    (judged,) = card.judged
    stated = claims.claims(given["path"])["7.1"].field[0]
    assert judged == verdicts.judge(stated, given["folder"])
    for text in texts(card):
        for number in (judged.measured, judged.control):
            assert f"{number:.1f}" in text
        for number in (judged.effect, judged.low, judged.high):
            assert f"{number:+.1f}".replace("-", "−") in text


def test_a_card_says_where_its_numbers_come_from_and_how_sure_they_are(world):
    card = cards.claim("7.1", **world(score(), perplexity()))
    for text in texts(card):
        assert "Recorded 2026-11-21 in 252 s on 2 CPU cores" in text
        assert "paired t over 3 seeds; bootstrap over 4 documents" in text


@pytest.mark.parametrize(
    ("findings", "verdict", "words", "reason"),
    [
        (
            [score("without", PAPER.format(75, 60))],  # 42 % here, 25 % there
            verdicts.REPRODUCED,
            "reproduced",
            "and the effect is 1.7 times the paper's: within half and double",
        ),
        (
            [score()],
            verdicts.DIRECTION,
            "holds in direction",
            "no paper printed its size",
        ),
        (
            [score("without", PAPER.format(66, 60))],  # 42 % here, 10 % there
            verdicts.DIRECTION,
            "holds in direction",
            "but the effect is 4.2 times the paper's: more than double",
        ),
        (
            [score("without", PAPER.format(120, 60))],  # 42 % here, 100 % there
            verdicts.DIRECTION,
            "holds in direction",
            "but the effect is 0.4 times the paper's: less than half",
        ),
        (
            [score(), score("twin")],
            verdicts.NOT_REPRODUCED,
            "not reproduced",
            "In finding 2 the interval holds zero",
        ),
        (
            [score(claimed="less"), score(), score("worse", claimed="less")],
            verdicts.AGAINST,
            "against the claim",
            "In findings 1 and 3 the difference goes the other way",
        ),
    ],
)
def test_a_card_says_its_verdict_and_why(world, findings, verdict, words, reason):
    card = cards.claim("7.1", **world(*findings))
    assert card.verdict == verdict
    assert words in repr(card).splitlines()[0]
    page, text = texts(card)
    assert words.capitalize() in page
    assert words.capitalize() in Page(card).all("article", "aria-label")[0]
    assert reason in page
    assert reason in text


def test_each_finding_is_marked_by_itself(world):
    card = cards.claim("7.1", **world(score(), score("twin"), score(claimed="less")))
    marks = [line for line in repr(card).splitlines() if "It helps." in line]
    assert [mark.partition("helps. ")[2] for mark in marks] == [
        "✓ holds",
        "○ not shown",
        "✕ the opposite",
    ]
    page = Page(card).text
    assert re.findall("holds|not shown|the opposite", page)[1:] == [
        "holds",
        "not shown",
        "the opposite",
    ]


def test_the_papers_numbers_stand_beside_ours(world):
    # 323 against 336 is (323 - 336) / 336 = -3.9 %.
    card = cards.claim("7.1", **world(perplexity("short", PAPER.format(323, 336))))
    times = card.judged[0].effect / (100 * (323 - 336) / 336)
    for text in texts(card):
        assert "The paper: 323 against 336, −3.9 % (Table 5)." in text
        assert f"Ours is {times:.1f} times that." in text


def test_an_accuracy_is_compared_with_the_paper_in_per_cent_of_its_control(world):
    # (71 - 50) / 50 = 42 %, and (75 - 60) / 60 = 25 %.
    card = cards.claim("7.1", **world(score("without", PAPER.format(75, 60))))
    for text in texts(card):
        assert "75 against 60, +25.0 %" in text
        assert "Ours, +42.0 % of the control, is 1.7 times that." in text


def test_an_effect_against_the_papers_is_said_to_be_of_the_other_sign(world):
    at = "score / worse", "score / without", "seeds"
    one = finding("accuracy", "more", *at, PAPER.format(75, 60))
    for text in texts(cards.claim("7.1", **world(one))):
        assert "Ours, −19.3 % of the control, is of the other sign." in text


def test_an_infinite_control_is_shown_without_difference_or_strip(world):
    card = cards.claim("7.1", **world(perplexity("none")))
    assert card.verdict == verdicts.DIRECTION
    for text in texts(card):
        assert "∞" in text
        assert "No finite difference, so no interval" in text
        assert not re.search(r"\b(inf|nan)\b", text)
    assert not Page(card).all("svg", "aria-label")


def test_a_paper_beside_an_infinite_control_is_not_compared(world):
    card = cards.claim("7.1", **world(perplexity("none", PAPER.format(323, 336))))
    for text in texts(card):
        assert "Ours is beyond comparison with that." in text
        assert "beyond comparison with the paper's." in text


def test_a_paper_beside_a_control_of_zero_is_not_compared(world):
    # No share of zero is of the paper's size, so its band on the strip is a point.
    one = finding(
        "accuracy", "more", "score / with", "score / zero", "seeds", PAPER.format(2, 1)
    )
    card = cards.claim("7.1", **world(one))
    assert card.verdict == verdicts.DIRECTION
    for text in texts(card):
        assert "Ours is beyond comparison with that." in text
    (label,) = Page(card).all("svg", "aria-label")
    assert label.endswith("of the paper's size it would be +0.0")


def test_a_counted_number_says_so_and_has_no_strip(world):
    one = finding("count", "more", "table / long", "table / short", "count")
    card = cards.claim("7.1", **world(one))
    for text in texts(card):
        assert "785,550" in text
        assert "603,215" in text
        assert "+30.2 %, counted, so no interval" in text
        assert "95 % intervals" not in text
    assert not Page(card).all("svg", "aria-label")


def test_a_gain_is_in_points_and_nats_have_three_decimals(world):
    gain = score().replace(
        'at = "score / with"', 'at = ["score / with", "score / twin"]'
    )
    nats = perplexity().replace("perplexity", "nats")
    card = cards.claim("7.1", **world(gain, nats))
    assert "Accuracy: 0.0 points with it" in repr(card)
    for text in texts(card):
        assert "5.060" in text  # 2530 nats over 500 tokens
        assert "−0.150 nats" in text  # (2530 - 2605) / 500


def test_a_small_difference_is_not_rounded_to_zero():
    assert signed_numbers("perplexity", -0.04, -0.06) == ["−0.04", "−0.06"]
    assert signed_numbers("perplexity", -4.04, 0.0) == ["−4.0", "+0.0"]


@pytest.mark.parametrize(("claimed", "side"), [("more", 1), ("less", -1)])
def test_a_strip_puts_what_is_claimed_on_its_side_of_zero(claimed, side):
    x = scale([side * 2.0, side * 5.0], more=claimed == "more")
    assert 0 < side * (x(side * 2.0) - x(0)) < side * (x(side * 5.0) - x(0))
    assert 0 < x(side * 5.0) < 100


@pytest.mark.parametrize(
    ("claimed", "begin", "end"), [("more", 20, 100), ("less", 0, 80)]
)
def test_a_strip_shades_the_claimed_side(world, claimed, begin, end):
    at = ("with", "without") if claimed == "more" else ("without", "with")
    one = finding("accuracy", claimed, *(f"score / {key}" for key in at), "seeds")
    page = Page(cards.claim("7.1", **world(one)))
    (x,), (width,) = page.all("rect", "x"), page.all("rect", "width")
    assert float(x[:-1]) == begin
    assert float(x[:-1]) + float(width[:-1]) == end


@pytest.mark.parametrize("more", [True, False])
@pytest.mark.parametrize("marks", [(-5.0, -2.0), (0.0, 0.0), (-9.0, 0.1), (1.0, 9.0)])
def test_a_strip_has_room_on_both_sides_of_zero(marks, more):
    x = scale(marks, more)
    claimed_side = 100 - x(0) if more else x(0)
    assert 39.9 <= claimed_side <= 80.1
    assert all(0 <= x(mark) <= 100 for mark in marks)


def test_a_strip_tells_those_who_cannot_see_it_what_it_shows(world):
    card = cards.claim("7.1", **world(score("without", PAPER.format(75, 60))))
    (label,) = Page(card).all("svg", "aria-label")
    # Of the paper's size it would be 25 % of 50 points.
    assert label == (
        "+21.0 points, 95 % interval +18.5 to +23.5; claimed: more than zero; "
        "of the paper's size it would be +12.5"
    )


def test_what_stands_on_the_page_is_well_formed(world):
    given = world(score(), perplexity("short", PAPER.format(323, 336)))
    for shown in (cards.claim("7.1", **given), cards.ledger(**given), cards.errata()):
        ElementTree.fromstring(shown._repr_html_())


def test_what_a_claim_says_cannot_inject_markup(world):
    evil = "<script>x</script> & <b>"
    paper = PAPER.format(75, 60).replace("Table 5", evil)
    one = score("without", paper, says=evil).replace("with it", evil)
    card = cards.claim("7.1", **world(one, sentence=evil))
    given = cards.ledger(**world(one, sentence=evil))
    for page in (Page(card), Page(given)):
        assert not {"script", "b"} & set(page.tags)
        assert "<script>x</script> & <b>" in page.text


def test_an_unknown_claim_is_refused_with_the_choices(world):
    with pytest.raises(ValueError, match=r"no claim '7\.9'; choose from: 7\.1"):
        cards.claim("7.9", **world(score()))


@pytest.mark.parametrize("name", ["lab", "moon"])
def test_a_world_without_a_finding_is_refused_with_the_choices(world, name):
    message = f"claim 7.1 has no finding in '{name}'; choose from: field"
    with pytest.raises(claims.ClaimError, match=message):
        cards.claim("7.1", name, **world(score()))


def test_there_is_no_card_without_its_record(world):
    given = world(score())
    (given["folder"] / "tiny.json").unlink()
    for show in (lambda: cards.claim("7.1", **given), lambda: cards.ledger(**given)):
        with pytest.raises(records.RecordError, match="no record 'tiny'"):
            show()


def test_a_claim_of_the_lab_says_so_on_card_and_ledger(world):
    given = world(score(), world="lab")
    assert "Claim 7.1 · in the lab" in repr(cards.claim("7.1", "lab", **given))
    ledger = cards.ledger(**given)
    assert "in the lab: ◐ holds in direction" in repr(ledger)
    assert "on real text: —" in repr(ledger)
    assert Page(ledger).all("a", "href") == ["../notebooks/07_gpt.html#claim-7-1-lab"]


@pytest.mark.parametrize(
    ("findings", "leads"),
    [
        ([score(), score("without", PAPER.format(66, 60))], 1),  # what is compared
        ([score(), score("twin"), score("worse")], 1),  # what failed
        ([score("twin"), score(claimed="less")], 1),  # what failed worse
        ([score("without", PAPER.format(75, 60)), score("twin")], 1),  # what failed
        ([score(), score("worse")], 0),
    ],
)
def test_the_ledger_shows_the_finding_that_the_verdict_turns_on(world, findings, leads):
    given = world(*findings)
    card = cards.claim("7.1", **given)
    assert card.leading is card.judged[leads]
    ((_, row),) = cards.ledger(**given).rows
    assert row == card


def test_a_claim_of_both_worlds_has_both_verdicts_and_leads_to_the_field(world):
    ledger = cards.ledger(**world(f"{score()}\n[[claim.lab]]\n{score('twin')}"))
    assert "in the lab: ○ not reproduced" in repr(ledger)
    assert "on real text: ◐ holds in direction" in repr(ledger)
    assert Page(ledger).all("a", "href") == ["../notebooks/07_gpt.html#claim-7-1-field"]


def test_the_ledger_and_the_card_show_the_same_numbers(world):
    given = world(score("without", PAPER.format(75, 60)))
    shown = "Accuracy: 71.0 % with it, 50.0 % without it (control)"
    assert shown in repr(cards.claim("7.1", **given))
    for text in texts(cards.ledger(**given)):
        assert f"{shown}; paper: 75 against 60" in text


@pytest.fixture(scope="module")
def book():
    return cards.ledger()


def test_the_ledger_has_every_claim_of_the_book_with_its_verdict(book):
    stated = claims.claims()
    assert len(book.rows) == len(stated)
    rows = re.findall("<tr.*?</tr>", book._repr_html_())[1:]
    for claim, row, text in zip(
        stated.values(), rows, repr(book).split("\n\n"), strict=True
    ):
        assert text.startswith(claim.id)
        assert claim.sentence in unescape(row).replace("\u00a0", " ")
        for world, words in cards.WORLDS.items():
            findings = getattr(claim, world)
            if not findings:
                assert f"{words}: —" in text
                continue
            verdict = verdicts.verdict(tuple(map(verdicts.judge, findings)))
            assert BADGES[verdict][0] in row
            assert f"{words}: {signed(verdict)}" in text


def test_every_link_of_the_ledger_leads_to_the_id_of_a_card(book):
    links = Page(book).all("a", "href")
    for claim, link in zip(claims.claims().values(), links, strict=True):
        card = cards.claim(claim.id, "field" if claim.field else "lab")
        (anchor,) = Page(card).all("article", "id")
        assert link == f"../notebooks/{claim.notebook}.html#{anchor}"


def test_the_plain_text_fits_a_terminal_of_100_columns(book):
    shown = [book, cards.errata(), *(c for row in book.rows for c in row if c)]
    assert all(len(line) <= 100 for one in shown for line in repr(one).splitlines())


def test_the_errata_say_what_the_notes_say_and_what_is_right():
    shown = cards.errata()
    entries = claims.errata()
    assert entries
    for text in texts(shown):
        for one in entries:
            assert one["says"] in text
            assert one["rather"] in text
            assert f"Chapter {one['chapter']}, note {one['note']}" in text
    assert "../notebooks/02_ngram.html" in Page(shown).all("a", "href")


def test_errata_of_a_chapter_without_claims_stand_without_a_link(tmp_path):
    path = tmp_path / "claims.toml"
    path.write_text(
        '[[erratum]]\nchapter = "8"\nnote = 1\nsays = "<b>"\nrather = "No, <i>."\n'
    )
    page = Page(cards.errata(path=path))
    assert not {"a", "b", "i"} & set(page.tags)
    assert "Chapter 8, note 1“<b>”Rather: No, <i>." in page.text
