"""Claims: what is read from `claims.toml`, and what is refused."""

import json
import re
import tomllib

import pytest

from companion.records import claims
from companion.records.claims import ClaimError, Finding, Paper, Side

ENTRY = {
    "id": "2.1",
    "notebook": "02_ngram",
    "sentence": "It is so.",
    "source": "Nobody.",
    "field": [
        {
            "says": "Ours is better.",
            "record": "tiny",
            "metric": "share",
            "claimed": "more",
            "measured": {"what": "ours", "at": "d / ours"},
            "control": {"what": "theirs", "at": "d / theirs"},
            "unit": "documents",
            "weights": "d / tokens",
            "paper": {"measured": 2, "control": 1, "source": "Table 1"},
        }
    ],
}


def toml(value):
    """Return a value in TOML, tables inline."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value)


def written(folder, *entries):
    path = folder / "claims.toml"
    path.write_text(f"claim = {toml(list(entries))}\n")
    return path


def test_a_claim_is_read_with_its_findings(tmp_path):
    found = claims.claims(written(tmp_path, ENTRY, ENTRY | {"id": "2.10"}))
    assert list(found) == ["2.1", "2.10"]
    claim = found["2.1"]
    assert (claim.notebook, claim.sentence, claim.source) == (
        "02_ngram",
        "It is so.",
        "Nobody.",
    )
    assert claim.lab == ()
    assert claim.field == (
        Finding(
            says="Ours is better.",
            record="tiny",
            metric="share",
            claimed="more",
            measured=Side("ours", ("d / ours",)),
            control=Side("theirs", ("d / theirs",)),
            unit="documents",
            weights="d / tokens",
            paper=Paper(2, 1, "Table 1"),
        ),
    )


TWO = {"what": "gain", "at": ["d / a", "d / b"]}
SAME = {"what": "same", "at": "d / ours"}
CHANCE = {"what": "chance", "value": 0.5}
ABOUT = {"claimed": "same", "margin": 2}
PRINTED = {"measured": 2, "control": 1, "source": "T"}


def without(key, value=ENTRY):
    return {k: v for k, v in value.items() if k != key}


def with_finding(change, *drop):
    made = ENTRY["field"][0] | change
    return ENTRY | {"field": [{k: v for k, v in made.items() if k not in drop}]}


def test_a_side_of_two_places_is_read_as_their_difference(tmp_path):
    entry = with_finding({"measured": TWO}, "paper")
    (one,) = claims.claims(written(tmp_path, entry))["2.1"].field
    assert one.measured == Side("gain", ("d / a", "d / b"))


def test_a_control_may_be_a_fixed_number(tmp_path):
    entry = with_finding({"control": CHANCE})
    (one,) = claims.claims(written(tmp_path, entry))["2.1"].field
    assert one.control == Side("chance", value=0.5)
    assert one.control.at == ()


def test_a_claim_that_two_things_are_about_the_same_has_a_margin(tmp_path):
    (one,) = claims.claims(written(tmp_path, with_finding(ABOUT)))["2.1"].field
    assert (one.claimed, one.margin) == ("same", 2)
    # A paper may have found no difference at all, which for a size is nothing.
    no_difference = {"measured": 2, "control": 2, "source": "Table 1"}
    entry = with_finding(ABOUT | {"paper": no_difference})
    (one,) = claims.claims(written(tmp_path, entry))["2.1"].field
    assert one.paper == Paper(2, 2, "Table 1")


def test_rounded_numbers_stand_for_all_pairs_that_round_to_them(tmp_path):
    rounded = {"measured": 323, "control": 336, "source": "T", "rounded": 1}
    entry = with_finding({"paper": rounded})
    (one,) = claims.claims(written(tmp_path, entry))["2.1"].field
    assert one.paper.rounded == 1
    pairs = {(m, c) for m in (322.5, 323.5) for c in (335.5, 336.5)}
    assert set(one.paper.pairs()) == pairs
    assert set(Paper(323, 336, "T").pairs()) == {(323, 336)}


@pytest.mark.parametrize(
    ("entry", "match"),
    [
        *(
            (without(key), f"lacks: {key}")
            for key in ENTRY
            if key not in ("field", "id")
        ),
        *(
            (with_finding({}, key), f"lacks: {key}")
            for key in ENTRY["field"][0]
            if key not in ("weights", "paper")
        ),
        (without("field"), "has no finding"),
        (ENTRY | {"field": []}, "has no finding"),
        (ENTRY | {"verdict": "reproduced"}, "has unknown: verdict"),
        (ENTRY | {"field": ENTRY["field"][0]}, "no table"),
        (with_finding({"verdict": "reproduced"}), "has unknown: verdict"),
        (with_finding({"metric": "beauty"}), "metric is 'beauty', not one of"),
        (with_finding({"claimed": "equal"}), "claimed is 'equal', not one of"),
        (with_finding({"unit": "words"}), "unit is 'words', not one of"),
        (with_finding({}, "weights"), "weights go with the unit documents"),
        (with_finding({"unit": "seeds"}), "weights go with the unit documents"),
        (with_finding({"control": SAME}), "the control is what is measured"),
        (with_finding({"control": {"at": "x"}}), "lacks: what"),
        (with_finding({"control": {"what": "x"}}), "a side has a place .* or a value"),
        (with_finding({"control": CHANCE | {"at": "x"}}), "a side has a place"),
        (with_finding({"control": CHANCE | {"value": "half"}}), "'half' is no number"),
        (with_finding({"control": CHANCE | {"value": True}}), "True is no number"),
        (with_finding({"measured": CHANCE}), "what is measured is no fixed number"),
        *(
            (
                with_finding({"metric": metric, "control": CHANCE | {"value": 0}}),
                "no per cent of 0",
            )
            for metric in ("perplexity", "count")
        ),
        (with_finding({"claimed": "same"}), "a margin goes with the claim same"),
        (with_finding({"margin": 2}), "a margin goes with the claim same"),
        *(
            (with_finding(ABOUT | {"margin": margin}), "no number above 0")
            for margin in (0, -1, "2", True)
        ),
        *(
            (with_finding({"paper": PRINTED | {"rounded": r}}), "no number from 0 on")
            for r in (-1, "1", True)
        ),
        (
            with_finding({"paper": PRINTED | {"rounded": 2}}),
            "no relative effect beside a paper's control of 0",
        ),
        (with_finding({"measured": SAME | {"of": "x"}}), "has unknown: of"),
        (with_finding({"measured": "ours"}), "is 'ours', no table"),
        (with_finding({"measured": SAME | {"at": []}}), "neither a place nor two"),
        (with_finding({"measured": SAME | {"at": ["a"] * 3}}), "neither a place nor"),
        (with_finding({"measured": SAME | {"at": 5}}), "5 is neither a place nor two"),
        (with_finding({"paper": {"measured": 2, "control": 1}}), "lacks: source"),
        (
            with_finding({"paper": {"measured": 2, "control": 2, "source": "T"}}),
            "no relative effect",
        ),
        (
            with_finding({"paper": {"measured": 2, "control": 0, "source": "T"}}),
            "no relative effect",
        ),
        (with_finding({"measured": TWO}), "no paper's numbers beside two places"),
        (with_finding({"control": TWO}), "no paper's numbers beside two places"),
        *(
            (
                with_finding({"metric": "perplexity", side: TWO}, "paper"),
                "a difference of two places is no perplexity",
            )
            for side in ("measured", "control")
        ),
        *(
            (
                with_finding({"metric": metric, "unit": "seeds"}, "weights"),
                f"over seeds there is no per cent of the control, so no {metric}",
            )
            for metric in ("perplexity", "count")
        ),
    ],
)
def test_an_entry_that_is_wrong_is_refused_by_name(entry, match, tmp_path):
    with pytest.raises(ClaimError, match=rf"^claim '2\.1'.* {match}"):
        claims.claims(written(tmp_path, ENTRY | {"id": "2.0"}, entry))


@pytest.mark.parametrize("name", ["2", "2.1a", "two", "", "2.", 2.1, "2.1\n"])
def test_an_id_that_is_no_chapter_and_place_is_refused(name, tmp_path):
    with pytest.raises(ClaimError, match=re.escape(f"claim {name!r}: the id is no")):
        claims.claims(written(tmp_path, ENTRY | {"id": name}))


def test_a_claim_without_id_is_refused(tmp_path):
    with pytest.raises(ClaimError, match="claim None lacks: id"):
        claims.claims(written(tmp_path, without("id")))


def test_an_id_that_stands_twice_is_refused(tmp_path):
    with pytest.raises(ClaimError, match=r"claim 2.1 stands twice in claims\.toml"):
        claims.claims(written(tmp_path, ENTRY, ENTRY))


# The book's own


def test_the_books_claims_stand_in_order_and_belong_to_their_chapter():
    found = claims.claims()
    order = [tuple(map(int, one.split("."))) for one in found]
    assert order == sorted(order)
    for claim in found.values():
        assert int(claim.notebook[:2]) == int(claim.id.partition(".")[0])
    places = {}
    for chapter, place in order:
        places.setdefault(chapter, []).append(place)
    assert all(found == [*range(1, len(found) + 1)] for found in places.values())


def test_no_verdict_is_written_where_claims_are():
    entries = tomllib.loads(claims.CLAIMS.read_text())["claim"]
    assert "verdict" not in json.dumps(entries)


def test_what_the_notes_got_wrong_is_said_whole():
    found = claims.errata()
    assert found
    for erratum in found:
        assert set(erratum) == {"chapter", "note", "says", "rather"}
