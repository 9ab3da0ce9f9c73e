"""Claim cards and the ledger: what was claimed, did it hold, and by how much.

Chapters: all; the page is "Claims ledger". Numbers and verdicts come from
`records.verdicts`. `numbers`, `words` and `reasons` say them, `strip` draws them, and
`page` gives them a place on the page.
"""

from pathlib import Path

from companion.cards.card import WORLDS, ClaimCard, make
from companion.cards.tables import Errata, Ledger
from companion.records import claims
from companion.records.claims import CLAIMS, ClaimError

__all__ = ["WORLDS", "ClaimCard", "Errata", "Ledger", "claim", "errata", "ledger"]


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
    return make(stated[id], world, folder)


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
        tuple(make(one, w, folder) if getattr(one, w) else None for w in WORLDS)
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
