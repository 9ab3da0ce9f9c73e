"""Claims: what the book says, who said so, and what each claim rests on.

Chapters: all. `claims.toml` has one entry for each claim: the sentence, its source,
and its findings in the lab and in the field. A finding compares a measured quantity
with a control, both read from one record. Nobody types a verdict; the rule in
`records.verdicts` gives it.
"""

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CLAIMS = Path(__file__).with_name("claims.toml")
WORLDS = ("lab", "field")
CLAIMED = ("more", "less", "same")
METRICS = ("accuracy", "perplexity", "share", "nats", "count")
IN_PER_CENT = ("perplexity", "count")  # of the control
UNITS = ("seeds", "documents", "count")
CLAIM_KEYS = {"id", "notebook", "sentence", "source", *WORLDS}
FINDING_KEYS = {"says", "record", "metric", "claimed", "measured", "control", "unit"}
PAPER_KEYS = {"measured", "control", "source"}


class ClaimError(ValueError):
    """A claim lacks what it needs, or names what no record has."""


@dataclass(frozen=True)
class Paper:
    """What a paper printed for the same comparison, and where.

    Attributes:
        measured: As printed; accuracies and shares in per cent.
        control: As printed.
        source: Where.
        rounded: Unit of the last digit printed, such as 1 for 323 or 0.1 for 97.3;
            0 if the numbers are exact.
    """

    measured: float
    control: float
    source: str
    rounded: float = 0

    def pairs(self) -> list[tuple[float, float]]:
        """Return the extremes of the true pairs that round to the printed one."""
        off = (-self.rounded / 2, self.rounded / 2)
        return [(self.measured + a, self.control + b) for a in off for b in off]


@dataclass(frozen=True)
class Side:
    """One side of a comparison: what was measured, or a fixed number.

    Attributes:
        what: What it is, in words.
        at: Its place in the record's results, keys joined by " / "; two places stand
            for their difference, the first less the second.
        value: A number in the metric's unit instead of a place, such as 0.5 for an
            accuracy that is chance; only for a control.
    """

    what: str
    at: tuple[str, ...] = ()
    value: float | None = None


@dataclass(frozen=True)
class Finding:
    """One comparison that a claim rests on, as `claims.toml` states it.

    Attributes:
        says: What is compared, in words.
        record: The record that has the numbers.
        metric: One of `METRICS`; neither perplexity nor count for "seeds".
        claimed: "more" or "less": where the measured side should lie; or "same":
            that the two sides differ by less than `margin`.
        measured: What the claim is about.
        control: What could refute it.
        unit: What the interval is over: "seeds" (paired t), "documents" (bootstrap;
            what was measured by seed counts with its mean over the seeds), or "count"
            for a number that was counted and has no interval.
        weights: Place of the tokens of each document, for "documents".
        paper: What was printed, if anything; not where a side is two places.
        margin: The largest difference that is still "same", in the unit of the
            effect: per cent, points or nats.
    """

    says: str
    record: str
    metric: str
    claimed: str
    measured: Side
    control: Side
    unit: str
    weights: str | None = None
    paper: Paper | None = None
    margin: float | None = None


@dataclass(frozen=True)
class Claim:
    """A claim: a sentence that could fail.

    Attributes:
        id: Chapter and place in it, such as "2.1".
        notebook: The chapter that measures it, such as "02_ngram".
        sentence: The claim.
        source: Who said so.
        lab: Findings in the lab world, where the truth is known.
        field: Findings on real text.
    """

    id: str
    notebook: str
    sentence: str
    source: str
    lab: tuple[Finding, ...] = ()
    field: tuple[Finding, ...] = ()


def claims(path: Path = CLAIMS) -> dict[str, Claim]:
    """Return the book's claims by id, in the order of the file.

    Args:
        path: The claims file.

    Raises:
        ClaimError: A claim or finding lacks something, says too much, or comes twice.
    """
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("claim", [])
    found: dict[str, Claim] = {}
    for entry in entries:
        claim = _claim(entry)
        if claim.id in found:
            raise ClaimError(f"claim {claim.id} stands twice in {path.name}")
        found[claim.id] = claim
    return found


def errata(path: Path = CLAIMS) -> list[dict]:
    """Return what the source notes got wrong: chapter, note, says, rather."""
    return tomllib.loads(path.read_text(encoding="utf-8")).get("erratum", [])


def _claim(entry: Mapping[str, Any]) -> Claim:
    where = f"claim {entry.get('id')!r}"
    _check_keys(entry, CLAIM_KEYS, CLAIM_KEYS - set(WORLDS), where)
    if not (isinstance(entry["id"], str) and re.fullmatch(r"\d+\.\d+", entry["id"])):
        raise ClaimError(f'{where}: the id is no "chapter.place", such as "2.1"')
    findings = {
        world: tuple(_finding(one, where) for one in entry.get(world, []))
        for world in WORLDS
    }
    if not any(findings.values()):
        raise ClaimError(f"{where} has no finding; a claim is measured")
    return Claim(**{**entry, **findings})


def _finding(entry: Mapping[str, Any], where: str) -> Finding:
    where = f"{where}, {entry.get('says') if isinstance(entry, dict) else entry!r}"
    known = FINDING_KEYS | {"weights", "paper", "margin"}
    _check_keys(entry, known, FINDING_KEYS, where)
    for key, choices in (("metric", METRICS), ("claimed", CLAIMED), ("unit", UNITS)):
        if entry[key] not in choices:
            raise ClaimError(f"{where}: {key} is {entry[key]!r}, not one of {choices}")
    sides = {key: _read_side(entry[key], where) for key in ("measured", "control")}
    paper = _paper(entry["paper"], where) if "paper" in entry else None
    finding = Finding(**{**entry, **sides, "paper": paper})
    _check_unit(finding, where)
    _check_claimed(finding, where)
    _check_sides(finding, where)
    return finding


def _check_unit(finding: Finding, where: str) -> None:
    if (finding.unit == "documents") != (finding.weights is not None):
        raise ClaimError(f"{where}: weights go with the unit documents, and only there")
    if finding.unit == "seeds" and finding.metric in IN_PER_CENT:
        # The mean of the seeds' ratios is not the ratio of the means on the card.
        raise ClaimError(
            f"{where}: over seeds there is no per cent of the control, "
            f"so no {finding.metric}"
        )


def _check_claimed(finding: Finding, where: str) -> None:
    margin, paper = finding.margin, finding.paper
    same = finding.claimed == "same"
    if same != (margin is not None):
        raise ClaimError(f"{where}: a margin goes with the claim same, and only there")
    if same and not (_is_number(margin) and margin > 0):
        raise ClaimError(f"{where}: the margin is {margin!r}, no number above 0")
    if paper and not same and paper.measured == paper.control:
        raise ClaimError(f"{where}: no relative effect in the paper's numbers")


def _check_sides(finding: Finding, where: str) -> None:
    metric, measured, control = finding.metric, finding.measured, finding.control
    if measured.value is not None:
        raise ClaimError(f"{where}: what is measured is no fixed number")
    if measured.at == control.at:
        raise ClaimError(f"{where}: the control is what is measured")
    if metric in IN_PER_CENT and control.value is not None and control.value <= 0:
        raise ClaimError(f"{where}: no per cent of {control.value!r}")
    if max(len(measured.at), len(control.at)) == 1:
        return
    if metric == "perplexity":  # it would be a ratio of two
        raise ClaimError(f"{where}: a difference of two places is no perplexity")
    if finding.paper:
        raise ClaimError(f"{where}: no paper's numbers beside two places")


def _read_side(entry: Mapping[str, Any], where: str) -> Side:
    _check_keys(entry, {"what", "at", "value"}, {"what"}, where)
    if ("at" in entry) == ("value" in entry):
        raise ClaimError(f"{where}: a side has a place (at) or a value, one of the two")
    if "value" in entry:
        if not _is_number(entry["value"]):
            raise ClaimError(f"{where}: the value {entry['value']!r} is no number")
        return Side(entry["what"], value=entry["value"])
    at = entry["at"] if isinstance(entry["at"], list) else [entry["at"]]
    if len(at) not in (1, 2) or not all(isinstance(place, str) for place in at):
        raise ClaimError(f"{where}: {entry['at']!r} is neither a place nor two")
    return Side(entry["what"], tuple(at))


def _paper(entry: Mapping[str, Any], where: str) -> Paper:
    _check_keys(entry, PAPER_KEYS | {"rounded"}, PAPER_KEYS, where)
    rounded = entry.get("rounded", 0)
    if not (_is_number(rounded) and rounded >= 0):
        raise ClaimError(f"{where}: rounded is {rounded!r}, no number from 0 on")
    if abs(entry["control"]) <= rounded / 2:
        raise ClaimError(f"{where}: no relative effect beside a paper's control of 0")
    return Paper(**entry)


def _is_number(value: Any) -> bool:
    is_real = isinstance(value, int | float) and not isinstance(value, bool)
    return is_real and math.isfinite(value)


def _check_keys(entry: Mapping, known: set, needed: set, where: str) -> None:
    if not isinstance(entry, Mapping):
        raise ClaimError(f"{where} is {entry!r}, no table")
    if missing := sorted(needed - set(entry)):
        raise ClaimError(f"{where} lacks: {', '.join(missing)}")
    if odd := sorted(set(entry) - known):
        raise ClaimError(f"{where} has unknown: {', '.join(odd)}")
