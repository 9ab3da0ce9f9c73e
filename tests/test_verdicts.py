"""Verdicts: the rule gives them, and nobody can type one."""

import math
import re

import numpy as np
import pytest
from scipy import stats

from companion import records
from companion.records import RecordError, claims, verdicts
from companion.records.claims import ClaimError, Finding, Paper, Side
from companion.records.verdicts import (
    AGAINST,
    DIRECTION,
    NOT_REPRODUCED,
    REPRODUCED,
    Judged,
)


def keep(folder, results, once=()):
    """Save a record; lists of results are over seeds, but for those named in `once`."""
    results_by_seed = {
        name: r
        for name, r in results.items()
        if isinstance(r, list) and name not in once
    }
    entry = {"date": "2026-01-01T", "seconds": 1.0, "code": "c", "machine": 0}
    rows = map(len, results_by_seed.values())
    measured = dict.fromkeys(results, entry)
    measured |= {name: [entry] * len(r) for name, r in results_by_seed.items()}
    record = {
        "name": "tiny",
        "world": "lab",
        "preset": "cpu",
        "seeds": list(range(max(rows, default=0))),
        "settings": {},
        "results": results,
        "provenance": {
            "companion": {"version": "0", "commit": None, "changed": None},
            "data": {},
            "machines": [],
            "measurements": {"settings": entry, **measured},
        },
    }
    records.save(record, folder)


def finding(metric="accuracy", claimed="more", unit="seeds", **others):
    given = {
        "says": "It is so.",
        "record": "tiny",
        "metric": metric,
        "claimed": claimed,
        "measured": Side("ours", ("ours",)),
        "control": Side("theirs", ("theirs",)),
        "unit": unit,
        "weights": "tokens" if unit == "documents" else None,
    }
    return Finding(**given | others)


def over_seeds(folder, ours, theirs, **options):
    keep(folder, {"ours": list(ours), "theirs": list(theirs)})
    return verdicts.judge(finding(**options), folder)


def over_documents(folder, ours, theirs, tokens, **options):
    made = {"ours": ours, "theirs": theirs, "tokens": tokens}
    keep(folder, {"d": {key: list(row) for key, row in made.items()}})
    places = {
        "measured": Side("ours", ("d / ours",)),
        "control": Side("theirs", ("d / theirs",)),
        "weights": "d / tokens",
    }
    return verdicts.judge(finding(unit="documents", **places | options), folder)


def counted(folder, ours, theirs, **options):
    keep(folder, {"ours": {"n = 5": ours}, "theirs": {"n = 5": theirs}})
    places = {
        "measured": Side("ours", ("ours / n = 5",)),
        "control": Side("theirs", ("theirs / n = 5",)),
    }
    return verdicts.judge(finding(unit="count", **places | options), folder)


# Over seeds


def test_an_interval_over_three_seeds_by_hand(tmp_path):
    judged = over_seeds(tmp_path, [0.5, 0.6, 0.7], [0.4, 0.4, 0.4])
    # Differences 10, 20, 30 points: mean 20, standard deviation 10, of the mean
    # 10 / sqrt(3) = 5.7735; times t = 4.3027 of 2 degrees of freedom: 24.841
    assert judged.measured == pytest.approx(0.6)
    assert judged.control == pytest.approx(0.4)
    assert judged.effect == pytest.approx(20)
    assert judged.low == pytest.approx(20 - 24.841, abs=1e-3)
    assert judged.high == pytest.approx(20 + 24.841, abs=1e-3)
    assert judged.verdict == NOT_REPRODUCED


def test_an_interval_over_seeds_is_that_of_the_paired_t_test(tmp_path):
    rng = np.random.default_rng(0)
    ours, theirs = rng.random((2, 8))
    judged = over_seeds(tmp_path, ours, theirs)
    peer = stats.ttest_rel(100 * ours, 100 * theirs).confidence_interval(0.95)
    assert (judged.low, judged.high) == pytest.approx(tuple(peer))


def test_what_seeds_have_in_common_does_not_widen_their_interval(tmp_path):
    gains, common = np.array([0.01, 0.02, 0.03]), np.array([0.1, 0.5, 0.9])
    alone = over_seeds(tmp_path, gains, [0, 0, 0])
    together = over_seeds(tmp_path, gains + common, common)
    assert (together.low, together.high) == pytest.approx((alone.low, alone.high))


def test_seeds_that_agree_wholly_give_a_point(tmp_path):
    judged = over_seeds(tmp_path, [0.75] * 3, [0.5] * 3)
    assert judged.low == judged.effect == judged.high == 25
    assert judged.verdict == DIRECTION


@pytest.mark.parametrize("seeds", [1, 2])
def test_fewer_than_three_seeds_are_refused(seeds, tmp_path):
    with pytest.raises(ClaimError, match=f"'It is so.' rests on {seeds} seeds, 3 or"):
        over_seeds(tmp_path, [0.5] * seeds, [0.4] * seeds)


# Over documents

TOKENS = np.array([100, 200, 300, 400, 150, 250, 350, 120, 220, 320])
LOSSES = TOKENS * (5 + np.random.default_rng(1).normal(0, 0.5, 10))
GAINS = TOKENS * (0.1 + np.random.default_rng(2).normal(0, 0.02, 10))


def test_a_perplexity_over_documents_by_hand(tmp_path):
    ours, theirs = np.log(4) * np.array([1, 2, 3]), np.log(8) * np.array([1, 2, 3])
    judged = over_documents(
        tmp_path, ours, theirs, [1, 2, 3], metric="perplexity", claimed="less"
    )
    # ln 4 and ln 8 a token: 4 against 8, half of it less, in whatever document
    assert judged.measured == pytest.approx(4)
    assert judged.control == pytest.approx(8)
    assert (judged.effect, judged.low, judged.high) == pytest.approx((-50,) * 3)


def test_long_documents_weigh_more(tmp_path):
    judged = over_documents(
        tmp_path, [10, 0, 0], [0, 0, 5], [10, 20, 70], metric="share"
    )
    # 10 of 100 tokens against 5 of 100: not the mean of 10 / 10 and two zeros
    assert judged.measured == pytest.approx(0.1)
    assert judged.control == pytest.approx(0.05)
    assert judged.effect == pytest.approx(5)


@pytest.mark.parametrize("metric", ["perplexity", "nats", "share"])
def test_an_interval_over_documents_holds_the_effect_and_is_the_same_again(
    metric, tmp_path
):
    def judge():
        return over_documents(tmp_path, LOSSES - GAINS, LOSSES, TOKENS, metric=metric)

    judged = judge()
    assert judged.low < judged.effect < judged.high < 0
    assert judge() == judged


def test_an_interval_over_documents_is_near_the_normal_one(tmp_path):
    same = np.full(10, 100)
    gains = GAINS / TOKENS * same
    judged = over_documents(tmp_path, gains, 0 * gains, same, metric="nats")
    spread = 1.96 * (gains / same).std() / np.sqrt(10)
    mean = (gains / same).mean()
    expected = (mean - spread, mean + spread)
    assert (judged.low, judged.high) == pytest.approx(expected, abs=0.2 * spread)


def test_what_documents_have_in_common_does_not_widen_their_interval(tmp_path):
    alone = over_documents(tmp_path, GAINS, 0 * GAINS, TOKENS, metric="nats")
    together = over_documents(
        tmp_path, GAINS + 100 * LOSSES, 100 * LOSSES, TOKENS, metric="nats"
    )
    found, expected = (together.low, together.high), (alone.low, alone.high)
    assert found == pytest.approx(expected, rel=1e-3)  # bias-corrected, so nearly


def test_documents_of_one_difference_but_of_other_lengths_have_an_interval(tmp_path):
    # 10 less in each document; per token that is more in a short one.
    judged = over_documents(tmp_path, LOSSES - 10, LOSSES, TOKENS, metric="nats")
    assert judged.low < judged.effect < judged.high


def test_a_difference_of_differences_is_resampled_together(tmp_path):
    rows = {"a": LOSSES, "b": LOSSES - GAINS, "c": LOSSES - 3 * GAINS, "tokens": TOKENS}
    keep(tmp_path, {"d": {key: row.tolist() for key, row in rows.items()}})
    judged = verdicts.judge(
        finding(
            "nats",
            "less",
            "documents",
            measured=Side("first", ("d / a", "d / b")),
            control=Side("second", ("d / b", "d / c")),
            weights="d / tokens",
        ),
        tmp_path,
    )
    gain = GAINS.sum() / TOKENS.sum()
    assert judged.measured == pytest.approx(gain)
    assert judged.control == pytest.approx(2 * gain)
    assert judged.effect == pytest.approx(-gain)
    assert judged.low < judged.effect < judged.high < 0
    assert judged.verdict == DIRECTION


@pytest.mark.parametrize("documents", [1, 2])
def test_fewer_than_three_documents_are_refused(documents, tmp_path):
    rows = np.arange(1, documents + 1)
    match = f"'It is so.' rests on {documents} documents"
    with pytest.raises(ClaimError, match=match):
        over_documents(tmp_path, rows, 2 * rows, rows)


def test_as_many_numbers_as_documents_are_asked_for(tmp_path):
    with pytest.raises(ClaimError, match="'It is so.': not as many numbers as doc"):
        over_documents(tmp_path, [1, 2, 3], [1, 2, 4], [1, 2, 3, 4])


# Infinities


def test_what_is_finite_is_less_than_an_infinite_control(tmp_path):
    options = {"metric": "perplexity", "claimed": "less"}
    theirs = [1.0, math.inf, 2.0]
    judged = [
        over_documents(tmp_path, [1.0, 2.0, 3.0], theirs, [1, 2, 3], **options),
        counted(tmp_path, 5.0, math.inf, **options),
    ]
    for one in judged:
        assert one.control == math.inf
        assert one.effect == one.low == one.high == -math.inf
        assert one.verdict == DIRECTION


def test_what_is_infinite_itself_is_against_a_finite_control(tmp_path):
    options = {"metric": "perplexity", "claimed": "less"}
    ours = [1.0, math.inf, 2.0]
    judged = [
        over_documents(tmp_path, ours, [1.0, 2.0, 3.0], [1, 2, 3], **options),
        counted(tmp_path, math.inf, 5.0, **options),
    ]
    assert {one.verdict for one in judged} == {AGAINST}


def test_of_two_infinite_sides_neither_is_less(tmp_path):
    rows = [1.0, math.inf, 2.0]
    for claimed in "more", "less":
        options = {"metric": "perplexity", "claimed": claimed}
        for judged in (
            over_documents(tmp_path, rows, rows, [1, 2, 3], **options),
            counted(tmp_path, math.inf, math.inf, **options),
        ):
            assert judged.effect == 0
            assert judged.verdict == NOT_REPRODUCED


def test_an_infinity_over_seeds_is_told_in_nats(tmp_path):
    rows = [1.0, math.inf, 2.0]
    judged = over_seeds(tmp_path, [1, 2, 3], rows, metric="nats", claimed="less")
    assert judged.effect == judged.low == judged.high == -math.inf
    assert judged.verdict == DIRECTION
    judged = over_seeds(tmp_path, rows, [1, 2, 3], metric="nats", claimed="less")
    assert judged.verdict == AGAINST


# No number, no verdict


@pytest.mark.filterwarnings("ignore")  # numpy's and scipy's, of what is refused
def test_where_nothing_comes_of_the_resampling_there_is_no_verdict(tmp_path):
    # e^667 is finite; where the last document is drawn three times, e^2000 is not.
    losses = np.array([1.0, 2.0, 2000.0])
    with pytest.raises(ClaimError, match="'It is so.': no number comes of these"):
        over_documents(
            tmp_path, losses - [0.1, 0.2, 0.3], losses, [1, 1, 1], metric="perplexity"
        )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("judge", "others"), [(over_seeds, ()), (over_documents, ([1, 2, 3],))]
)
def test_an_infinity_less_another_gives_no_verdict(judge, others, tmp_path):
    rows = [1.0, math.inf, 2.0]
    with pytest.raises(ClaimError, match="'It is so.': no number comes of these"):
        judge(tmp_path, rows, rows, *others, metric="nats")


@pytest.mark.parametrize("tokens", [[0, 1, 2], [0, 0, 0], [-1, 1, 2]])
def test_a_document_without_tokens_is_refused(tokens, tmp_path):
    with pytest.raises(ClaimError, match="'It is so.': a document without tokens"):
        over_documents(tmp_path, [1, 2, 3], [1, 1, 1], tokens, metric="nats")


# Counts


def test_a_count_is_compared_in_per_cent_and_has_no_interval(tmp_path):
    judged = counted(tmp_path, 150, 100, metric="count")
    assert (judged.measured, judged.control) == (150, 100)
    assert judged.effect == judged.low == judged.high == pytest.approx(50)
    assert judged.verdict == DIRECTION
    assert counted(tmp_path, 100, 100, metric="count").verdict == NOT_REPRODUCED
    assert counted(tmp_path, 99, 100, metric="count").verdict == AGAINST


def test_per_cent_of_nothing_are_refused(tmp_path):
    with pytest.raises(ClaimError, match="of a control of 0"):
        counted(tmp_path, 5, 0, metric="count")


# The rule


@pytest.mark.parametrize(
    ("low", "high", "claimed", "expected"),
    [
        (1, 3, "more", DIRECTION),
        (1, 3, "less", AGAINST),
        (-3, -1, "less", DIRECTION),
        (-3, -1, "more", AGAINST),
        (-1, 3, "more", NOT_REPRODUCED),
        (-3, 1, "less", NOT_REPRODUCED),
        (0, 3, "more", NOT_REPRODUCED),  # zero at the end is still held
        (0, 3, "less", NOT_REPRODUCED),
        (-3, 0, "less", NOT_REPRODUCED),
        (-3, 0, "more", NOT_REPRODUCED),
        (0, 0, "more", NOT_REPRODUCED),
    ],
)
def test_the_side_of_zero_on_which_the_interval_lies_decides(
    low, high, claimed, expected
):
    one = finding(claimed=claimed)
    middle = (low + high) / 2
    assert verdicts._verdict(one, 0.5, 0.4, middle, low, high) == expected


PAPER = Paper(110, 100, "Somebody (1999), Table 1")  # 10 % more


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (209.9, DIRECTION),  # 4.95 %
        (210, REPRODUCED),  # 5 %, just half
        (220, REPRODUCED),
        (240, REPRODUCED),  # 20 %, just double
        (240.1, DIRECTION),
        (400, DIRECTION),
    ],
)
def test_half_to_double_of_the_papers_effect_is_reproduced(measured, expected):
    one = finding(paper=PAPER)
    assert verdicts._verdict(one, measured, 200, 1, 0.5, 2) == expected
    assert verdicts._verdict(one, measured, 200, 1, -0.5, 2) == NOT_REPRODUCED
    assert verdicts._verdict(one, measured, 200, -1, -2, -0.5) == AGAINST


def test_an_effect_downwards_is_measured_against_the_papers_too():
    one = finding(claimed="less", paper=Paper(90, 100, "Table 1"))
    assert verdicts._verdict(one, 190, 200, -5, -6, -4) == REPRODUCED  # 5 % of 10 %
    assert verdicts._verdict(one, 191, 200, -4.5, -6, -4) == DIRECTION
    # Less as claimed, but the paper had more: no number of it was reproduced.
    assert (
        verdicts._verdict(finding(claimed="less", paper=PAPER), 180, 200, -10, -11, -9)
        == DIRECTION
    )


def test_beside_a_control_of_zero_or_infinity_no_size_is_reproduced():
    one = finding(paper=PAPER)
    assert verdicts._verdict(one, 5.0, 0.0, 5, 4, 6) == DIRECTION
    assert verdicts._verdict(one, 5.0, math.inf, 5, 4, 6) == DIRECTION


# Rounded numbers of a paper


def test_a_paper_whose_numbers_are_rounded_may_have_had_another_effect():
    paper = Paper(321, 323, "Table 1", rounded=1)
    # From 321.5 against 322.5 to 320.5 against 323.5
    assert verdicts.printed_shares(paper) == pytest.approx((-3 / 323.5, -1 / 322.5))
    one = finding("perplexity", "less", "count", paper=paper)
    assert verdicts.printed_effects(one) == pytest.approx((-300 / 323.5, -100 / 322.5))
    # Ours is 0.5 % less: 0.5 / 0.93 and 0.5 / 0.31 times that.
    times = verdicts.times_printed(one, 199.0, 200.0)
    assert times == pytest.approx((0.005 * 323.5 / 3, 0.005 * 322.5))


@pytest.mark.parametrize(
    ("ours", "rounded", "expected"),
    [
        # 0.62 % printed: half to double is 0.31 to 1.24 %; with the rounding, half of
        # 0.93 % to double of 0.31 %, which is 0.46 to 0.62 %.
        (0.40, 0, REPRODUCED),
        (0.40, 1, DIRECTION),
        (0.50, 1, REPRODUCED),
        (0.61, 1, REPRODUCED),
        (0.63, 1, DIRECTION),
        (1.20, 0, REPRODUCED),
        (0.50, 2, DIRECTION),  # then 322 against 322 may be true: no effect at all
    ],
)
def test_half_to_double_must_hold_for_whatever_rounds_to_the_printed(
    ours, rounded, expected
):
    one = finding(claimed="less", paper=Paper(321, 323, "Table 1", rounded))
    values = 200 * (1 - ours / 100), 200, -ours, -ours - 0.1, -ours + 0.1
    assert verdicts._verdict(one, *values) == expected


def test_no_size_is_told_where_rounding_may_be_the_whole_effect():
    one = finding(paper=Paper(2, 1, "Table 1", rounded=1))
    assert verdicts.times_printed(one, 0.6, 0.5) is None


# About the same


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-1, 1, DIRECTION),
        (0.5, 1.9, DIRECTION),  # clear of zero, and yet about the same
        (-1.9, -0.5, DIRECTION),
        (1, 2, NOT_REPRODUCED),
        (-2, 0, NOT_REPRODUCED),
        (1, 3, NOT_REPRODUCED),
        (-3, 3, NOT_REPRODUCED),
        (2, 3, NOT_REPRODUCED),
        (2.1, 3, AGAINST),
        (-3, -2.1, AGAINST),
    ],
)
def test_about_the_same_is_what_lies_inside_the_margin(low, high, expected):
    one = finding(claimed="same", margin=2)
    middle = (low + high) / 2
    assert verdicts._verdict(one, 0.5, 0.5, middle, low, high) == expected


@pytest.mark.parametrize(
    ("metric", "paper", "expected"),
    [
        ("perplexity", Paper(98, 100, "T"), REPRODUCED),  # 2 %, just the margin
        ("perplexity", Paper(97, 100, "T"), DIRECTION),
        ("perplexity", Paper(100, 100, "T"), REPRODUCED),
        ("perplexity", Paper(99, 100, "T", 1), REPRODUCED),  # to 98.5 : 100.5, 1.99 %
        ("perplexity", Paper(98, 100, "T", 0.1), DIRECTION),
        ("accuracy", Paper(60, 62, "T"), REPRODUCED),  # 2 points, but 3 %
        ("accuracy", Paper(60, 62, "T", 1), DIRECTION),
        ("share", Paper(60, 62.5, "T"), DIRECTION),
        ("nats", Paper(5, 3, "T"), REPRODUCED),
        ("nats", Paper(5.5, 3, "T"), DIRECTION),
    ],
)
def test_a_paper_has_it_about_the_same_if_its_effect_is_inside_the_margin(
    metric, paper, expected
):
    one = finding(metric, "same", "documents", margin=2, paper=paper)
    assert verdicts._verdict(one, 99.5, 100, -0.5, -1, 0) == expected
    assert verdicts._verdict(one, 99.5, 100, -0.5, -3, 2) == NOT_REPRODUCED
    assert verdicts._verdict(one, 99.5, 100, -5, -6, -4) == AGAINST


def test_what_is_about_the_same_is_judged_from_a_record(tmp_path):
    rows = [0.501, 0.502, 0.503], [0.5, 0.5, 0.5]  # 0.2 points more
    assert over_seeds(tmp_path, *rows, claimed="same", margin=1).verdict == DIRECTION
    judged = over_seeds(tmp_path, *rows, claimed="same", margin=0.4)
    assert judged.verdict == NOT_REPRODUCED  # its end is 0.2 + 0.25


# A fixed number as control


def fixed(value):
    return {"control": Side("chance", value=value)}


def test_seeds_are_held_against_a_fixed_number(tmp_path):
    rows = [0.5, 0.6, 0.7]
    judged = over_seeds(tmp_path, rows, [0, 0, 0], **fixed(0.4))
    assert judged.control == 0.4
    again = over_seeds(tmp_path, rows, [0.4] * 3)
    assert (judged.low, judged.high) == pytest.approx((again.low, again.high))


def test_documents_are_held_against_a_fixed_number_per_token(tmp_path):
    options = fixed(0.5) | {"metric": "share"}
    judged = over_documents(tmp_path, [8, 12, 40], [0] * 3, [10, 20, 70], **options)
    assert (judged.measured, judged.control) == pytest.approx((0.6, 0.5))
    assert judged.effect == pytest.approx(10)
    assert judged.low < 10 < judged.high


def test_a_fixed_perplexity_is_a_perplexity(tmp_path):
    ours = np.log(4) * np.array([1, 2, 3])
    options = fixed(8) | {"metric": "perplexity", "claimed": "less"}
    judged = over_documents(tmp_path, ours, [0] * 3, [1, 2, 3], **options)
    assert (judged.measured, judged.control) == pytest.approx((4, 8))
    assert judged.effect == pytest.approx(-50)


def test_a_count_is_held_against_a_fixed_number(tmp_path):
    judged = counted(tmp_path, 150, 0, metric="count", **fixed(100))
    assert (judged.control, judged.effect) == pytest.approx((100, 50))


def planted(folder, gain, seed=0):
    """Judge "ours is better" where truth has it better by `gain` points."""
    rng = np.random.default_rng(seed)
    theirs = 0.5 + rng.normal(0, 0.01, 5)
    return over_seeds(folder, theirs + gain + rng.normal(0, 0.01, 5), theirs)


def test_a_claim_whose_control_beats_it_is_against(tmp_path):
    assert planted(tmp_path, 0.1).verdict == DIRECTION
    assert planted(tmp_path, -0.1).verdict == AGAINST


def test_noise_is_not_reproduced_nineteen_times_of_twenty(tmp_path):
    given = [planted(tmp_path, 0, seed).verdict for seed in range(200)]
    found = sum(verdict != NOT_REPRODUCED for verdict in given)
    # 5 % of 200 is 10; three standard deviations are 9.
    assert 1 <= found <= 19


def judged(verdict, paper=None):
    return Judged(finding(paper=paper), 1, 1, 0, 0, 0, verdict)


@pytest.mark.parametrize(
    ("each", "expected"),
    [
        ([DIRECTION], DIRECTION),
        ([DIRECTION, NOT_REPRODUCED, DIRECTION], NOT_REPRODUCED),
        ([AGAINST, NOT_REPRODUCED], AGAINST),
        ([NOT_REPRODUCED, AGAINST], AGAINST),
    ],
)
def test_the_weakest_finding_decides(each, expected):
    assert verdicts.verdict(tuple(map(judged, each))) == expected


def test_findings_that_no_paper_printed_do_not_hinder_a_reproduction():
    printed = judged(REPRODUCED, PAPER)
    assert verdicts.verdict((printed,)) == REPRODUCED
    assert verdicts.verdict((printed, judged(DIRECTION))) == REPRODUCED
    assert verdicts.verdict((judged(DIRECTION), printed)) == REPRODUCED
    # One that a paper did print does, and so does whatever failed.
    assert verdicts.verdict((printed, judged(DIRECTION, PAPER))) == DIRECTION
    assert verdicts.verdict((printed, judged(NOT_REPRODUCED))) == NOT_REPRODUCED
    assert verdicts.verdict((printed, judged(AGAINST))) == AGAINST


def test_a_claim_without_findings_has_no_verdict():
    with pytest.raises(ClaimError, match="no verdict"):
        verdicts.verdict(())


# Places in a record


def test_two_places_stand_for_the_first_less_the_second(tmp_path):
    rows = {"a": [3.0, 3.5, 4.5], "b": [1.0, 1.0, 1.0], "c": [0.5, 0.5, 1.0]}
    keep(tmp_path, rows)
    one = finding(measured=Side("a - b", ("a", "b")), control=Side("c", ("c",)))
    # 2, 2.5, 3.5 against 0.5, 0.5, 1: 1.5, 2, 2.5
    assert verdicts.judge(one, tmp_path).effect == pytest.approx(200)


def test_a_place_under_seeds_is_looked_up_seed_by_seed(tmp_path):
    rows = [{"both": {"n = 1": 0.1 * seed, "n = 2": 1}} for seed in range(4)]
    keep(tmp_path, {"gap": rows})
    one = finding(
        measured=Side("two", ("gap / both / n = 2",)),
        control=Side("one", ("gap / both / n = 1",)),
    )
    found = verdicts.judge(one, tmp_path)
    assert (found.measured, found.control) == pytest.approx((1, 0.15))


@pytest.mark.parametrize("place", ["no", "ours / n = 1", "names", "", "ours / "])
def test_a_place_without_a_number_is_refused_with_what_there_is(place, tmp_path):
    keep(tmp_path, {"ours": [1, 2, 3], "theirs": [1, 2, 4], "names": ["a", "b", "c"]})
    one = finding(measured=Side("ours", (place,)))
    match = re.escape(f"no number at {place!r}; results have: ours, theirs, names")
    with pytest.raises(ClaimError, match=match):
        verdicts.judge(one, tmp_path)


@pytest.mark.parametrize("unit", ["seeds", "documents", "count"])
def test_a_place_that_does_not_fit_its_unit_is_refused(unit, tmp_path):
    rows = {"seeds": [[1, 2], [3, 4], [5, 6]], "documents": {"x": 1.0}}
    rows["count"] = {"x": [1, 2, 3]}
    keep(tmp_path, {"r": rows[unit]})
    place = "r" if unit == "seeds" else "r / x"
    one = finding(unit=unit, measured=Side("", (place,)), weights=place)
    match = f"what stands at '{place}' does not fit the unit '{unit}'"
    with pytest.raises(ClaimError, match=match):
        verdicts.judge(one, tmp_path)


@pytest.mark.parametrize("theirs", [{"x": 1.0}, [1, 2, 3], 0.5])
def test_what_was_measured_once_is_not_taken_for_seeds(theirs, tmp_path):
    keep(tmp_path, {"ours": [1, 2, 3], "theirs": theirs}, once=["theirs"])
    places = "theirs / x" if isinstance(theirs, dict) else "theirs"
    one = finding(control=Side("theirs", (places,)))
    match = "'theirs' was measured once, not by seed; the unit is 'seeds'"
    with pytest.raises(ClaimError, match=match):
        verdicts.judge(one, tmp_path)


def test_neither_side_of_a_difference_may_be_measured_once(tmp_path):
    keep(tmp_path, {"a": [1, 2, 3], "b": [0, 0, 1], "c": [1, 1, 1]}, once=["c"])
    one = finding(measured=Side("a - c", ("a", "c")), control=Side("b", ("b",)))
    with pytest.raises(ClaimError, match="'c' was measured once"):
        verdicts.judge(one, tmp_path)


def test_seeds_are_not_taken_for_documents(tmp_path):
    keep(tmp_path, {"ours": [1, 2, 3], "theirs": [1, 1, 1], "tokens": [5, 5, 5]})
    places = {"measured": "ours / x", "control": "theirs / x", "weights": "tokens / x"}
    sides = {k: Side(k, (v,)) for k, v in places.items() if k != "weights"}
    one = finding(unit="documents", **sides, weights=places["weights"])
    with pytest.raises(ClaimError, match="no number at 'tokens / x'"):
        verdicts.judge(one, tmp_path)


def documents_by_seed(folder, rows, **options):
    once = {"theirs": [4, 6, 12], "tokens": [2, 3, 4]}
    keep(folder, {"ours": [{"loss": row} for row in rows], "d": once})
    one = finding(
        unit="documents",
        metric="nats",
        measured=Side("ours", ("ours / loss",)),
        control=Side("theirs", ("d / theirs",)),
        weights="d / tokens",
        **options,
    )
    return verdicts.judge(one, folder)


def test_documents_measured_by_seed_count_with_the_mean_over_the_seeds(tmp_path):
    rows = [[1, 2, 3], [3, 2, 6], [2, 5, 3]]
    judged = documents_by_seed(tmp_path, rows, claimed="less")
    # means of the seeds: 2, 3, 4; of 9 tokens, against 22
    assert judged.measured == pytest.approx(9 / 9)
    assert judged.control == pytest.approx(22 / 9)
    assert judged.effect == pytest.approx(-13 / 9)
    assert judged.verdict == DIRECTION
    ours, theirs, tokens = np.array([2, 3, 4]), np.array([4, 6, 12]), [2, 3, 4]
    same = over_documents(tmp_path, ours, theirs, tokens, metric="nats", claimed="less")
    assert (judged.low, judged.high) == pytest.approx((same.low, same.high))


def test_documents_measured_with_two_seeds_give_no_verdict(tmp_path):
    with pytest.raises(ClaimError, match="'ours / loss' rests on 2 seeds, 3 or more"):
        documents_by_seed(tmp_path, [[1, 2, 3], [3, 2, 6]])


def test_what_was_measured_by_seed_is_not_taken_for_a_count(tmp_path):
    keep(tmp_path, {"ours": [1, 2, 3], "theirs": [1, 1, 1]})
    match = "'ours' was measured by seed, not once; the unit is 'count'"
    with pytest.raises(ClaimError, match=match):
        verdicts.judge(finding(unit="count"), tmp_path)


def test_a_record_that_is_missing_or_was_edited_gives_no_verdict(tmp_path):
    with pytest.raises(RecordError, match="no record 'tiny'"):
        verdicts.judge(finding(), tmp_path)
    over_seeds(tmp_path, [1, 2, 3], [0, 0, 0])
    path = tmp_path / "tiny.json"
    path.write_text(path.read_text().replace("3", "4"))
    with pytest.raises(RecordError, match="its digest does not fit"):
        verdicts.judge(finding(), tmp_path)


# The book's own


@pytest.mark.parametrize("claim", claims.claims().values(), ids=lambda c: c.id)
def test_every_claim_of_the_book_can_be_judged_from_its_records(claim):
    findings = claim.lab + claim.field
    if missing := {f.record for f in findings} - set(records.names()):
        pytest.skip(f"needs {', '.join(missing)}; `companion run` measures it")
    judged = tuple(verdicts.judge(one) for one in findings)
    assert verdicts.verdict(judged) in verdicts.VERDICTS
    for one in judged:
        assert one.low <= one.effect <= one.high
        assert not math.isnan(one.effect)


def test_findings_lie_in_the_world_of_their_record():
    for claim in claims.claims().values():
        for world in claims.WORLDS:
            for one in getattr(claim, world):
                if one.record in records.names():
                    assert records.load(one.record)["world"] == world
