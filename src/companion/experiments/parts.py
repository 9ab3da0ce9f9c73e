"""Measurements one by one: kept as they end, and put together as a record.

Chapters: all, behind `companion run`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from companion import records
from companion.field.faults import CacheError
from companion.field.fetch import cache_folder
from companion.records import provenance

Key = tuple[str, int | None]  # a measurement and its seed; None: no seed changes it


@dataclass(frozen=True)
class Measured:
    """A measurement's result and its provenance: date, seconds, code, machine."""

    result: Any
    entry: Mapping[str, Any]


def parts_of(record: Mapping[str, Any] | None) -> dict[Key, Measured]:
    """Return the measurements of a record, one by one."""
    if record is None:
        return {}
    about, parts = record["provenance"], {}
    results = {**record["results"], "settings": record["settings"]}
    for name, entry in about["measurements"].items():
        rows = [(None, results[name], entry)]
        if isinstance(entry, list):
            rows = zip(record["seeds"], results[name], entry, strict=True)
        for seed, result, one in rows:
            machine = about["machines"][one["machine"]]
            parts[name, seed] = Measured(result, {**one, "machine": machine})
    return parts


def assemble(
    about: Mapping[str, str], parts: Mapping[Key, Measured], data: Iterable[str]
) -> dict:
    """Return the record that measurements make.

    Args:
        about: The record's name, world and preset.
        parts: Its measurements.
        data: Registered files and folders of the package that were read.
    """
    machines: list[dict] = []
    results: dict[str, Any] = {}
    entries: dict[str, Any] = {}
    for (measurement, seed), part in parts.items():
        if part.entry["machine"] not in machines:
            machines.append(part.entry["machine"])
        machine = machines.index(part.entry["machine"])
        entry = {**part.entry, "machine": machine}
        if seed is None:
            results[measurement], entries[measurement] = part.result, entry
        else:
            results.setdefault(measurement, []).append(part.result)
            entries.setdefault(measurement, []).append(entry)
    return {
        **about,
        "seeds": sorted({seed for _, seed in parts if seed is not None}),
        "settings": results.pop("settings"),
        "results": results,
        "provenance": {
            # Today's commit, rightly: fingerprints say that its code is the one run.
            "companion": provenance.companion(),
            "data": provenance.hashes(data),
            "machines": machines,
            "measurements": entries,
        },
    }


def measurements(record: Mapping[str, Any]) -> tuple[dict, dict]:
    """Return what a record holds, whatever commit it was put together at."""
    return record["results"], record["provenance"]["measurements"]


def worse(record: Mapping[str, Any], old: Mapping[str, Any] | None) -> str | None:
    """Return why a record is worse documented than an old one, None if it is not."""
    if old is None:
        return None
    if _committed(old) and not _committed(record):
        return "the code differs from its commit, or has none; commit and run again"
    if len(old["seeds"]) > len(record["seeds"]):
        return f"it has {len(old['seeds'])} seeds; ask for as many"
    return None


def _committed(record: Mapping[str, Any]) -> bool:
    code = record["provenance"]["companion"]
    return code["commit"] is not None and not code["changed"]


def work_file(name: str) -> Path:
    """Return the file that keeps measurements until their record is complete."""
    return cache_folder() / "runs" / f"{name}.json"


def read_work(name: str) -> tuple[dict[Key, Measured], bool]:
    """Return what is measured and in no record yet, and whether all is to be anew."""
    path = work_file(name)
    if not path.exists():
        return {}, False
    try:
        work = records.read(path)
    except records.RecordError:
        raise records.RecordError(
            f"what was kept of an interrupted run of {name} is damaged; delete {path} "
            f"and run again"
        ) from None
    rows = work["parts"]
    parts = {(p["name"], p["seed"]): Measured(p["result"], p["entry"]) for p in rows}
    return parts, work["anew"]


def keep_work(name: str, parts: Mapping[Key, Measured], anew: bool) -> None:
    """Write what was measured so far, all or nothing.

    Raises:
        CacheError: The folder that keeps it cannot be written.
    """
    path = work_file(name)
    rows = [
        {"name": key[0], "seed": key[1], "result": part.result, "entry": part.entry}
        for key, part in parts.items()
    ]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        records.write({"anew": anew, "parts": rows}, path)
    except OSError as error:
        raise CacheError(
            f"cannot keep what was measured in {path.parent} ({error.strerror}); set "
            f"COMPANION_DATA_CACHE to a folder that you may write to"
        ) from error
