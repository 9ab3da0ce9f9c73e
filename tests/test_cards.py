"""Claim cards and the ledger: what they say, and that they say what was measured."""

import math
import re
from html import unescape
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from companion import cards, records
from companion.cards import numbers, strip
from companion.cards.words import badge, signed
from companion.records import claims, verdicts
from companion.records.claims import Finding, Paper, Side
from companion.records.verdicts import Judged

DOCUMENTS = 'weights = "text / tokens"'
PAPER = 'paper = {{ measured = {}, control = {}, source = "Table 5" }}'
ROUNDED = 'paper = {{ measured = {}, control = {}, rounded = 1, source = "Table 5" }}'
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
    "table": {"long": 785_550, "short": 603_215, "few": 9_355},
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
            "data": {"brown/brown.zip": "0" * 64},
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


def perplexity(control="short", *others, claimed="less"):
    at = "text / long", f"text / {control}", "documents", DOCUMENTS
    return finding("perplexity", claimed, *at, *others)


def counted(control, claimed="more"):
    at = "table / long", f"table / {control}", "count"
    return finding("count", claimed, *at)


def judged(metric="accuracy", claimed="more", unit="seeds", paper=None, **given):
    """Return a finding with the numbers given, for what shows them."""
    sides = Side("ours", ("x",)), Side("theirs", ("y",))
    one = Finding(
        "It helps.",
        "tiny",
        metric,
        claimed,
        *sides,
        unit,
        None,
        paper,
        given.pop("margin", None),
    )
    ours, theirs = given["measured"], given["control"]
    scale = {"accuracy": 100, "share": 100, "nats": 1}
    effect = scale.get(metric, 100 / theirs) * (ours - theirs)
    low, high = given.get("ends", (effect, effect))
    verdict = given.get("verdict", verdicts.DIRECTION)
    return Judged(one, ours, theirs, effect, low, high, verdict)


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
        assert "21.0 points more (95 % interval 18.5 to 23.5)" in text
    assert "Accuracy: 71.0 % with it; control: 50.0 % without it" in repr(card)
    assert "Accuracy71.0 %with itControl50.0 %without it" in Page(card).text


def test_the_numbers_on_a_card_are_those_that_judge_gives(world):
    given = world(perplexity())
    card = cards.claim("7.1", **given)
    (one,) = card.judged
    stated = claims.claims(given["path"])["7.1"].field[0]
    assert one == verdicts.judge(stated, given["folder"])
    for text in texts(card):
        assert "less" not in text
        assert f"{abs(one.effect):.1f} % lower" in text
        ends = (f"{abs(end):.1f}" for end in (one.high, one.low))
        assert f"95 % interval {' to '.join(ends)}" in text
        for number, shown in zip(
            (one.measured, one.control), numbers.sides(one), strict=True
        ):
            digits = len(shown.partition(".")[2])
            assert 1 <= digits <= 3
            assert shown == f"{number:.{digits}f}"
            assert shown in text


def test_a_card_says_where_its_numbers_come_from_and_how_sure_they_are(world):
    card = cards.claim("7.1", **world(score(), perplexity()))
    for text in texts(card):
        assert "Measured on: Brown corpus, 2026-11-21." in text
        sure = "paired t over 3 seeds; bootstrap over 4 documents of the test text"
        assert f"95 % intervals: {sure}." in text


def test_with_what_it_was_measured_is_folded_away(world):
    card = cards.claim("7.1", **world(score()))
    html = card._repr_html_()
    folded = html[html.index("<details") : html.index("</details>")]
    described = "recorded 2026-11-21 in 252 s on 2 CPU cores, companion 0.1.0 (aaaaaaa)"
    assert "Provenance</summary>" in folded
    assert described in folded
    assert described not in html.replace(folded, "")
    assert f"Provenance: {described}." in re.sub(r"\s+", " ", repr(card))


HOLDS, FAILS = "It helps.", "A twin helps."


@pytest.mark.parametrize(
    ("findings", "verdict", "words", "reason"),
    [
        (
            [score("without", PAPER.format(75, 60))],  # 42 % here, 25 % there
            verdicts.REPRODUCED,
            "reproduced",
            "The finding holds, and the effect is 1.7 times the paper’s: "
            "within half and double.",
        ),
        (
            [score()],
            verdicts.DIRECTION,
            "holds in direction",
            "The finding holds; no paper printed a number to compare with.",
        ),
        (
            [score(), score("worse")],
            verdicts.DIRECTION,
            "holds in direction",
            "All 2 findings hold; no paper printed a number to compare with.",
        ),
        (
            [score(), score("without", PAPER.format(66, 60), says="So it is.")],
            verdicts.DIRECTION,
            "holds in direction",  # 42 % here, 10 % there
            "All 2 findings hold, but the effect in “So it is” is 4.2 times the "
            "paper’s: more than double.",
        ),
        (
            [score("without", PAPER.format(120, 60))],  # 42 % here, 100 % there
            verdicts.DIRECTION,
            "holds in direction",
            "but the effect is 0.4 times the paper’s: less than half.",
        ),
        (
            # 25 % there; 74.5 against 60.5 is 23 %, 75.5 against 59.5 is 27 %
            [score("without", ROUNDED.format(75, 60))],
            verdicts.REPRODUCED,
            "reproduced",
            "The finding holds, and the effect is 1.6 to 1.8 times the paper’s: "
            "within half and double.",
        ),
        (
            [score("without", ROUNDED.format(11, 8))],  # 37.5 %; from 23.5 to 53 %
            verdicts.REPRODUCED,
            "reproduced",
            "the effect is 0.8 to 1.8 times the paper’s: within half and double.",
        ),
        (
            [score("without", ROUNDED.format(10, 8))],  # 25 %; from 12 to 40 %
            verdicts.DIRECTION,
            "holds in direction",
            "but the effect is 1.0 to 3.6 times the paper’s, whose numbers are "
            "rounded.",
        ),
        (
            [score(), score("twin", says=FAILS)],
            verdicts.NOT_REPRODUCED,
            "not shown",
            "1 of 2 findings holds. Not shown: “A twin helps.” The interval includes "
            "zero.",
        ),
        (
            [score(), score("twin", says=FAILS), score("twin", says="And so on")],
            verdicts.NOT_REPRODUCED,
            "not shown",
            "1 of 3 findings holds. Not shown: “A twin helps.” and “And so on.” The "
            "intervals include zero.",
        ),
        (
            [score("twin")],
            verdicts.NOT_REPRODUCED,
            "not shown",
            "Not shown: the interval includes zero.",
        ),
        (
            [score("twin"), score("without", PAPER.format(75, 60))],
            verdicts.NOT_REPRODUCED,
            "not reproduced",
            "1 of 2 findings holds. Not shown: “It helps.” The interval includes",
        ),
        (
            [score(claimed="less"), score("twin", says=FAILS)],
            verdicts.AGAINST,
            "against the claim",
            "None of 2 findings hold. The opposite was found: “It helps.” The "
            "difference goes the other way. Not shown: “A twin helps.”",
        ),
        (
            [score(claimed="less"), score(), score("worse", claimed="less")],
            verdicts.AGAINST,
            "against the claim",
            "1 of 3 findings holds. The opposite was found: “It helps.” and “It "
            "helps.” The differences go the other way.",
        ),
        (
            [score("twin", "margin = 5", claimed="same")],
            verdicts.DIRECTION,
            "holds in direction",
            "The finding holds; no paper printed",
        ),
        (
            [score("twin", "margin = 1", claimed="same")],
            verdicts.NOT_REPRODUCED,
            "not shown",
            "Not shown: the interval reaches beyond the margin.",
        ),
        (
            [score("without", "margin = 1", claimed="same")],
            verdicts.AGAINST,
            "against the claim",
            "The opposite was found: the difference is larger than the margin.",
        ),
        (
            [score("twin", "margin = 5", PAPER.format(75, 74), claimed="same")],
            verdicts.REPRODUCED,
            "reproduced",
            "The finding holds, and the paper’s own difference is within the margin",
        ),
        (
            [score("twin", "margin = 5", PAPER.format(75, 60), claimed="same")],
            verdicts.DIRECTION,
            "holds in direction",
            "but the paper’s own difference is not surely within it.",
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
    marks = re.findall(r"^\d\. .*", repr(card), re.M)
    assert [mark.partition("helps. ")[2] for mark in marks] == [
        "✓ holds",
        "○ not shown",
        "✕ the opposite",
    ]
    page = Page(card).text
    assert re.findall("helps. (holds|not shown|the opposite)", page) == [
        "holds",
        "not shown",
        "the opposite",
    ]


def test_the_papers_numbers_stand_beside_ours(world):
    # 323 against 336 is (323 - 336) / 336 = -3.9 %.
    card = cards.claim("7.1", **world(perplexity("short", PAPER.format(323, 336))))
    times = card.judged[0].effect / (100 * (323 - 336) / 336)
    for text in texts(card):
        assert "Paper: 323 against 336, 3.9 % lower (Table 5)." in text
        assert f"Our effect is {times:.1f} times the paper’s." in text


def test_beside_rounded_numbers_the_ratio_is_a_range(world):
    card = cards.claim("7.1", **world(perplexity("short", ROUNDED.format(323, 336))))
    effect = card.judged[0].effect / 100
    ends = effect / (-14 / 336.5), effect / (-12 / 335.5)
    size = (
        f"{ends[0]:.1f} to {ends[1]:.1f} times the paper’s, whose numbers are rounded"
    )
    for text in texts(card):
        assert f"Our effect is {size}." in text


def test_an_accuracy_is_compared_with_the_paper_in_per_cent_of_its_control(world):
    # (71 - 50) / 50 = 42 %, and (75 - 60) / 60 = 25 %.
    card = cards.claim("7.1", **world(score("without", PAPER.format(75, 60))))
    for text in texts(card):
        assert "75 against 60, 25.0 % more" in text
        ours = "Our effect, 42.0 % more than the control, is 1.7 times the paper’s."
        assert ours in text


def test_an_effect_against_the_papers_is_said_to_be_of_the_other_sign(world):
    at = "score / worse", "score / without", "seeds"
    one = finding("accuracy", "more", *at, PAPER.format(75, 60))
    for text in texts(cards.claim("7.1", **world(one))):
        ours = "Our effect, 19.3 % less than the control, is of the other sign"
        assert ours in text


@pytest.mark.parametrize(
    ("paper", "says"),
    [
        (PAPER.format(75, 74), "1.0 points more (Table 5). That is within the margin."),
        (PAPER.format(75, 69), "6.0 points more (Table 5). That is not surely within"),
        (ROUNDED.format(75, 74), "That is within the margin, whatever the rounding."),
        (ROUNDED.format(75, 70.5), "That is not surely within the margin."),
        (PAPER.format(75, 75), "75 against 75, no difference (Table 5)."),
    ],
)
def test_what_is_about_the_same_is_held_against_the_papers_own_difference(
    world, paper, says
):
    card = cards.claim(
        "7.1", **world(score("twin", "margin = 5", paper, claimed="same"))
    )
    for text in texts(card):
        assert says in text
        assert "; margin 5 points)" in text


def test_an_infinite_control_is_shown_without_difference_or_strip(world):
    card = cards.claim("7.1", **world(perplexity("none")))
    assert card.verdict == verdicts.DIRECTION
    for text in texts(card):
        assert "∞" in text
        assert "No finite difference (no interval)" in text
        assert not re.search(r"\b(inf|nan)\b", text)
    assert not Page(card).all("svg", "aria-label")


def test_a_paper_beside_an_infinite_control_is_not_compared(world):
    card = cards.claim("7.1", **world(perplexity("none", PAPER.format(323, 336))))
    for text in texts(card):
        assert "Our effect is beyond comparison with the paper’s." in text
        assert "but the effect is beyond comparison with the paper’s." in text


def test_a_paper_beside_a_control_of_zero_is_not_compared(world):
    # No share of zero is of the paper's size, so its band on the strip is a point.
    one = finding(
        "accuracy", "more", "score / with", "score / zero", "seeds", PAPER.format(2, 1)
    )
    card = cards.claim("7.1", **world(one))
    assert card.verdict == verdicts.DIRECTION
    for text in texts(card):
        assert "Our effect is beyond comparison with the paper’s." in text
    (label,) = Page(card).all("svg", "aria-label")
    assert label.endswith("of the paper’s size it would be no difference")


def test_a_counted_number_says_so_and_has_no_strip(world):
    card = cards.claim("7.1", **world(counted("short")))
    for text in texts(card):
        assert "785,550" in text
        assert "603,215" in text
        assert "30.2 % more (counted, no interval)" in text
        assert "95 % intervals" not in text
    assert not Page(card).all("svg", "aria-label")


def test_from_double_on_a_percentage_is_a_ratio(world):
    for text in texts(cards.claim("7.1", **world(counted("few")))):
        assert "84 times as many (counted" in text  # 785,550 / 9,355 = 83.97
    high = judged("perplexity", measured=50.0, control=20.0, ends=(130, 170.0))
    assert numbers.effect(high) == "2.5 times as high"
    assert numbers.interval(high) == "2.3 to 2.7"


def test_a_gain_is_in_points_and_nats_have_three_decimals(world):
    gain = score().replace(
        'at = "score / with"', 'at = ["score / with", "score / twin"]'
    )
    nats = perplexity().replace("perplexity", "nats")
    card = cards.claim("7.1", **world(gain, nats))
    assert "Accuracy: 0.0 points with it; control: 50.0 % without it" in repr(card)
    for text in texts(card):
        assert "5.060" in text  # 2530 nats over 500 tokens
        assert "0.150 nats less" in text  # (2530 - 2605) / 500


def test_a_fixed_control_is_shown_like_a_measured_one(world):
    one = score().replace('at = "score / without"', "value = 0.5")
    for text in texts(cards.claim("7.1", **world(one))):
        assert "50.0 %" in text
        assert "21.0 points more (95 % interval 18.5 to 23.5)" in text


def test_each_finding_has_the_word_control_once(world):
    card = cards.claim("7.1", **world(score(), perplexity(), counted("few")))
    html = card._repr_html_()
    for one in re.findall("<li.*?</li>", html):
        assert len(re.findall("Control<", one)) == 1
    assert repr(card).count("control:") == 3


# Numbers that agree by eye


@pytest.mark.parametrize(
    ("metric", "measured", "control", "sides", "effect"),
    [
        ("accuracy", 0.71, 0.50, ["71.0 %", "50.0 %"], "21.0 points more"),
        # 89.4 - 89.3 is 0.1, and 0.16 more rounds to 0.2.
        ("accuracy", 0.8944, 0.8928, ["89.44 %", "89.28 %"], "0.16 points more"),
        # 48.5 - 10.8 is 37.7, and 48.47 - 10.83 is 37.64.
        ("share", 0.484667, 0.108333, ["48.47 %", "10.83 %"], "37.6 points more"),
        # 329.8 / 332.6 is 0.8 % less.
        ("perplexity", 329.7905, 332.6364, ["329.79", "332.64"], "0.9 % lower"),
        ("perplexity", 332.6364, 367.5654, ["332.6", "367.6"], "9.5 % lower"),
        ("nats", 0.0086, 0.0476, ["0.009", "0.048"], "0.039 nats less"),
        ("nats", 0.0084, 0.0476, ["0.0084", "0.0476"], "0.0392 nats less"),
        ("accuracy", 0.5, 0.5, ["50.0 %", "50.0 %"], "no difference"),
    ],
)
def test_the_shown_sides_have_the_shown_effect(
    metric, measured, control, sides, effect
):
    one = judged(metric, measured=measured, control=control)
    assert numbers.sides(one) == sides
    assert numbers.effect(one) == effect


def test_the_shown_effects_have_the_shown_ratio():
    # 9.52 / 3.87 is 2.46, so 2.5; but 9.5 / 3.9 is 2.4.
    paper = Paper(323, 336, "T")
    one = judged("perplexity", "less", paper=paper, measured=332.57, control=367.57)
    times = verdicts.times_printed(one.finding, one.measured, one.control)
    assert numbers.times_in_words(times) == "2.5"
    assert numbers.paper_digits(one) == 2
    assert numbers.effect(one) == "9.52 % lower"  # 9.52 / 3.87 is 2.46


def test_a_small_difference_is_not_rounded_to_zero_nor_to_the_margin():
    one = judged(measured=0.51, control=0.50, ends=(0.04, 1.96))
    assert numbers.interval(one) == "0.04 to 1.96"
    one = judged(measured=0.51, control=0.50, ends=(0.5, 1.96))
    assert numbers.interval(one) == "0.5 to 2.0"
    one = judged(claimed="same", margin=2, measured=0.51, control=0.5, ends=(0.5, 1.96))
    assert numbers.interval(one) == "0.50 to 1.96"


@pytest.mark.parametrize(
    ("ends", "shown"),
    [
        ((1.0, 3.0), "1.0 to 3.0"),
        ((-3.0, -1.0), "1.0 to 3.0"),
        ((-3.0, 1.0), "3.0 less to 1.0 more"),
        ((0.0, 3.0), "0.0 to 3.0"),
    ],
)
def test_an_interval_says_its_direction_where_it_has_two(ends, shown):
    middle = 0.5 + sum(ends) / 200
    assert numbers.interval(judged(measured=middle, control=0.5, ends=ends)) == shown


@pytest.mark.parametrize(
    ("times", "shown"),
    [
        ((2.46, 2.46), "2.5"),
        ((0.92, 2.76), "0.9 to 2.8"),
        ((2.04, 2.04), "2.04"),  # more than double
        ((0.46, 0.46), "0.46"),
        ((0.004, 0.004), "0.004"),
        ((2.0, 2.0), "2.0"),
    ],
)
def test_a_ratio_is_not_rounded_to_half_or_double(times, shown):
    assert numbers.times_in_words(times) == shown


# Strips


def points(low, high, **given):
    middle = (low + high) / 2
    return judged(measured=0.5 + middle / 100, control=0.5, ends=(low, high), **given)


@pytest.mark.parametrize(("claimed", "side"), [("more", 1), ("less", -1)])
def test_a_strip_puts_what_is_claimed_to_the_right(claimed, side):
    ends = sorted((side * 2.0, side * 5.0))
    found = strip.scales([points(*ends, claimed=claimed)] * 2)
    for x in found:
        assert x(0) < x(side * 2.0) < x(side * 5.0) < 100
        assert 0 < x(x.tick) - x(0) < 100


@pytest.mark.parametrize("claimed", ["more", "less"])
@pytest.mark.parametrize("ends", [(-5.0, -2.0), (0.0, 0.0), (-9.0, 0.1), (1.0, 9.0)])
def test_a_strip_has_room_for_its_label_on_both_sides_of_zero(ends, claimed):
    one = points(*ends, claimed=claimed, verdict=verdicts.NOT_REPRODUCED)
    (x,) = strip.scales([one])
    assert strip.ROOM - 0.01 <= x(0) <= 100 - strip.ROOM + 0.01
    assert all(0 <= x(mark) <= 100 for mark in (*ends, x.tick))


def test_findings_of_one_unit_share_a_scale():
    large, small = points(38, 41), points(-0.7, 1.0)
    nats = judged("nats", measured=1.5, control=1.0, ends=(0.4, 0.6))
    first, second, third, fourth = strip.scales([large, small, nats, nats])
    assert (first.left, first.right) == (second.left, second.right)
    assert first.right >= 41
    assert third.right == fourth.right < 1
    # Claimed the other way round, it is turned, but as wide.
    _, turned = strip.scales([large, points(-1, -0.5, claimed="less")])
    assert (turned.left, turned.right, turned.sign) == (first.left, first.right, -1)


def test_a_strip_that_has_nothing_to_compare_is_not_drawn():
    alone = points(38, 41)
    paper = Paper(75, 60, "T")
    assert strip.scales([alone]) == [None]
    assert None not in strip.scales([alone, alone])
    assert strip.scales([points(-1, 1, verdict=verdicts.NOT_REPRODUCED)]) != [None]
    assert strip.scales([points(38, 41, paper=paper)]) != [None]


def test_about_the_same_has_its_margin_in_the_middle(world):
    one = score("twin", "margin = 5", PAPER.format(75, 74), claimed="same")
    page = Page(cards.claim("7.1", **world(one)))
    shades = list(zip(page.all("rect", "x"), page.all("rect", "width"), strict=True))
    assert ("15.0%", "70.00%") in shades
    labels = re.findall("−5 points|the same|[+]5 points", page.text)
    assert set(labels) == {"+5 points", "the same", "−5 points"}
    assert "no difference" not in page.text


def test_the_band_is_what_would_be_reproduced_whatever_the_rounding():
    exact, rounded = (Paper(323, 336, "T", r) for r in (0, 1))
    given = {"measured": 332.6, "control": 367.6}
    one = judged("perplexity", "less", paper=exact, **given)
    assert strip._band(one) == pytest.approx((-1300 / 336 / 2, -2600 / 336))
    one = judged("perplexity", "less", paper=rounded, **given)
    assert strip._band(one) == pytest.approx((-1400 / 336.5 / 2, -2400 / 335.5))
    # The first may be no effect, the second is 0.5 to 2.5 of 323: five times itself.
    for paper in Paper(322, 323, "T", 1), Paper(321.5, 323, "T", 1):
        one = judged("perplexity", "less", paper=paper, **given)
        assert strip._band(one) is None


def test_a_paper_is_a_diamond_and_a_bar_where_its_numbers_are_rounded(world):
    drawn = [
        cards.claim("7.1", **world(score("without", paper.format(75, 60))))
        for paper in (PAPER, ROUNDED)
    ]
    diamond, bar = (card._repr_html_() for card in drawn)
    assert 'd="M0-7L7 0L0 7L-7 0z"' in diamond
    assert "diamond: the paper’s" in diamond
    assert 'd="M0-7L7 0L0 7L-7 0z"' not in bar
    assert 'height="10" fill="none"' in bar
    assert "open bar: the paper’s" in bar


def test_no_label_of_a_strip_covers_another_or_leaves_it():
    wanted = [(50, "about the same"), (40, "hidden"), (1, "first"), (99.5, "last")]
    labels = "".join(strip._labels(wanted, 40))
    assert "hidden" not in labels
    places = re.findall(r'x="([\d.]+)%" y="40" text-anchor="(\w+)"', labels)
    assert places == [("50", "middle"), ("0", "start"), ("100", "end")]


def sizes(element, outer):
    """Yield the sizes of the type in an element, in pixels."""
    style = element.get("style", "")
    if found := re.search(r"font-size:(?:max\((\d+)px,)?([\d.]+)em", style):
        least, factor = found.groups()
        outer = max(int(least or 0), outer * float(factor))
    yield float(element.get("font-size", outer))
    for inner in element:
        yield from sizes(inner, outer)


def test_no_type_is_smaller_than_12_pixels(world):
    given = world(score("without", PAPER.format(75, 60)), score("twin"))
    for shown in cards.claim("7.1", **given), cards.ledger(**given):
        root = ElementTree.fromstring(shown._repr_html_())
        assert min(sizes(root, 14)) >= 12  # 14 pixels in Jupyter


def test_a_strip_tells_those_who_cannot_see_it_what_it_shows(world):
    card = cards.claim("7.1", **world(score("without", PAPER.format(75, 60))))
    (label,) = Page(card).all("svg", "aria-label")
    # Of the paper's size it would be 25 % of 50 points.
    assert label == (
        "21.0 points more (95 % interval 18.5 to 23.5); claimed: more than the "
        "control; of the paper’s size it would be 12.5 points more"
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
    assert "in the lab: ○ not shown" in repr(ledger)
    assert "on real text: ◐ holds in direction" in repr(ledger)
    assert Page(ledger).all("a", "href") == ["../notebooks/07_gpt.html#claim-7-1-field"]


def test_the_ledger_and_the_card_show_the_same_numbers(world):
    given = world(score("without", PAPER.format(75, 60)))
    shown = "Accuracy: 71.0 % with it; control: 50.0 % without it"
    difference = "21.0 points more (95 % interval 18.5 to 23.5)"
    for text in texts(cards.claim("7.1", **given))[1:]:
        assert f"{shown} {difference}" in text
    for text in texts(cards.ledger(**given)):
        assert f"{shown}. {difference}. Paper: 75 against 60." in text


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
            found = list(map(verdicts.judge, findings))
            assert badge(found) in row
            assert f"{words}: {signed(found)}" in text


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
