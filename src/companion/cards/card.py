"""A claim card: one claim in one world, its verdict, and what the verdict rests on.

Chapters: all. The page and the plain text of a card say the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from html import escape
from pathlib import Path

from companion import records
from companion.cards import page, reasons, strip, words
from companion.field.fetch import registry
from companion.records import verdicts
from companion.records.claims import Claim, Finding
from companion.records.verdicts import AGAINST, NOT_REPRODUCED, Judged

WORLDS = {"lab": "in the lab", "field": "on real text"}


@dataclass(frozen=True)
class ClaimCard:
    """A claim in one world, with its numbers and its verdict.

    Attributes:
        claim: What is claimed.
        world: "lab" or "field".
        judged: Its findings in this world, with their numbers.
        origin: What was measured and when, and how the intervals were made.
        provenance: With what it was measured, record by record.
    """

    claim: Claim
    world: str
    judged: tuple[Judged, ...]
    origin: tuple[str, ...]
    provenance: tuple[str, ...]

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

    @property
    def badge(self) -> str:
        """The badge's HTML."""
        return page.badge(self.verdict, words.badge(self.judged))

    def _notes(self) -> list[str]:
        notes = (f"Source: {self.claim.source}", *self.origin)
        return [words.sentence(note) for note in notes]

    def _repr_html_(self) -> str:
        title = page.tag("span", "muted", escape(self.title))
        heading = 'role="heading" aria-level="3"'
        drawn = list(zip(self.judged, strip.scales(self.judged), strict=True))
        notes = self._notes() + strip.legend([one for one, scale in drawn if scale])
        why = reasons.reason(self.judged, self.leading)
        parts = [
            page.tag("div", "top", title + self.badge),
            page.tag("p", "sentence", page.html(self.claim.sentence), names=heading),
            page.tag("p", "reason", page.html(why)),
            page.tag("ol", "findings", *_findings(drawn)),
            page.foot(notes, self.provenance),
        ]
        label = escape(f"{self.title}: {words.badge(self.judged)}")
        names = f'id="{self.anchor}" class="companion-claim" aria-label="{label}"'
        looks = f";border-left-color:{page.COLOURS[self.verdict]}"
        return page.tag("article", "card", *parts, names=names, more=looks)

    def __repr__(self) -> str:
        text = [f"{self.title}: {words.signed(self.judged)}"]
        text += words.wrap(self.claim.sentence)
        text += words.wrap(reasons.reason(self.judged, self.leading))
        for number, one in enumerate(self.judged, start=1):
            outcome, sign = words.OUTCOMES[one.verdict]
            text += words.wrap(
                f"{number}. {one.finding.says} {sign} {outcome}", rest="   "
            )
            lines = [words.in_words(one), words.with_difference(one)]
            lines += [words.printed(one)] if one.finding.paper else []
            text += [row for line in lines for row in words.wrap(line, "   ")]
        notes = [*self._notes(), f"Provenance: {'; '.join(self.provenance)}."]
        return "\n".join(text + [row for note in notes for row in words.wrap(note)])


def make(claim: Claim, world: str, folder: Path | None = None) -> ClaimCard:
    """Return the card of a claim in a world where it has findings.

    Args:
        claim: What is claimed.
        world: "lab" or "field".
        folder: Folder of the records; the package's own by default.

    Raises:
        ClaimError: A record lacks a number.
        RecordError: A record is missing or damaged.
    """
    findings = getattr(claim, world)
    judged = tuple(verdicts.judge(finding, folder) for finding in findings)
    read = {f.record: records.load(f.record, folder) for f in findings}
    made = [_method(f, read[f.record]) for f in findings if f.unit != "count"]
    origin = [_measured_on(list(read.values()))]
    if made:
        origin.append(f"95 % intervals: {'; '.join(dict.fromkeys(made))}")
    provenance = tuple(map(records.describe, read.values()))
    return ClaimCard(claim, world, judged, tuple(origin), provenance)


def _findings(drawn: Sequence[tuple[Judged, strip.Scale | None]]) -> list[str]:
    """Return the HTML of findings, each given with the scale of its strip."""
    # One paper on a card, and each lane has its name: the strips keep their width.
    named = any(one.finding.paper for one, scale in drawn if scale)
    shown = []
    for number, (one, scale) in enumerate(drawn, start=1):
        lanes = ["ours", "paper"] if one.finding.paper else ["ours"]
        drawing = strip.drawing(one, scale) if scale else ""
        shown.append(page.finding(one, number, drawing, lanes if named else []))
    return shown


def _measured_on(read: Sequence[dict]) -> str:
    """Return on which data, and when, records were measured."""
    names = [path.split("/")[0] for one in read for path in one["provenance"]["data"]]
    known = registry()
    titles = [known[name]["title"] if name in known else name for name in names]
    days = sorted(day for one in read for day in _days(one))
    when = " to ".join(dict.fromkeys([days[0], days[-1]]))
    what = f" on: {', '.join(dict.fromkeys(titles))}," if titles else ""
    return f"Measured{what} {when}"


def _days(record: dict) -> list[str]:
    made = record["provenance"]["measurements"].values()
    entries = [e for one in made for e in (one if isinstance(one, list) else [one])]
    return [entry["date"][:10] for entry in entries]


def _method(finding: Finding, record: dict) -> str:
    """Return how the interval of a finding was made."""
    if finding.unit == "seeds":
        return f"paired t over {len(record['seeds'])} seeds"
    place = finding.weights.split(" / ")
    tokens = reduce(lambda branch, key: branch[key], place, record["results"])
    made = record["provenance"]["measurements"]
    sides = {p.split(" / ")[0] for p in (*finding.measured.at, *finding.control.at)}
    by_seed = any(isinstance(made[name], list) for name in sides)
    mean = f", each with its mean over {len(record['seeds'])} seeds" if by_seed else ""
    return f"bootstrap over {len(tokens)} documents of the test text{mean}"
