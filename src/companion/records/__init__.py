"""Records: what an experiment found, and all that is needed to find it again.

Chapters: all. One JSON file for each experiment lies beside this module. The runner
(`companion.experiments.running`) writes it; notebooks draw it; `records.verdicts`
holds it against what the book claims. A record is never edited by hand: its digest
would no longer fit, and nothing reads a record whose digest does not fit.
"""

import hashlib
import json
import math
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["RecordError", "describe", "load", "names", "plain", "read", "save", "write"]

FOLDER = Path(__file__).parent
INFINITIES = {"inf": math.inf, "-inf": -math.inf}
# A list of numbers stands on one line. No text in JSON holds a line's end as such.
NUMBERS = re.compile(r"\[\n[-\d.e+,\s]+\]")
SHAPE = {
    "name": str,
    "world": str,
    "preset": str,
    "seeds": list,
    "settings": dict,
    "results": dict,
    "provenance": dict,
}
PROVENANCE = {"companion": dict, "data": dict, "machines": list, "measurements": dict}


class RecordError(ValueError):
    """A record is missing, damaged, edited by hand, or lacks what it must say."""


def save(record: Mapping[str, Any], folder: Path | None = None) -> Path:
    """Write a record as `<name>.json`, all of it or nothing.

    Args:
        record: `name`, `world` ("lab" or "field"), `preset`, `seeds`, `settings`;
            `results` by measurement, a list over the seeds where they vary;
            `provenance`: companion (version, commit, changed), data (SHA-256 by
            file), machines, and for each measurement its date (UTC), seconds, code
            (a fingerprint) and machine, in a list over the seeds where they vary.
        folder: Where to; beside this module by default.

    Returns:
        Path of the file.

    Raises:
        RecordError: Something is missing, or a value has no JSON form.
    """
    record = plain(record, "record")
    _check(record, "record")
    folder = FOLDER if folder is None else Path(folder)
    return write(record, folder / f"{record['name']}.json")


def load(name: str, folder: Path | None = None) -> dict:
    """Return the record of an experiment as it was saved, infinities included.

    Args:
        name: The experiment's name.
        folder: Where from; beside this module by default.

    Raises:
        RecordError: There is no record of that name, or it is damaged, was changed
            after it was written, or is incomplete.
    """
    folder = FOLDER if folder is None else Path(folder)
    if name not in names(folder):
        there = ", ".join(names(folder)) or "none"
        raise RecordError(f"no record {name!r}; there are: {there}")
    record = read(folder / f"{name}.json")
    _check(record, f"{name}.json")
    if record["name"] != name:
        raise RecordError(f"{name}.json is the record of {record['name']!r}")
    return record


def names(folder: Path | None = None) -> list[str]:
    """Return the names of the records in a folder, sorted.

    Args:
        folder: Where to look; beside this module by default.
    """
    folder = FOLDER if folder is None else Path(folder)
    return sorted(path.stem for path in folder.glob("*.json"))


def describe(record: Mapping[str, Any]) -> str:
    """Return one line on where a record's numbers come from."""
    about = record["provenance"]
    code, entries = about["companion"], list(_entries(record))
    days = sorted({entry["date"][:10] for entry in entries})
    seconds = sum(entry["seconds"] for entry in entries)
    commit = f" ({code['commit'][:7]})" if code["commit"] else ""
    return (
        f"recorded {' to '.join(dict.fromkeys([days[0], days[-1]]))} in {seconds:,.0f}"
        f" s on {_devices(about['machines'])}, companion {code['version']}{commit}"
    )


def write(content: Mapping[str, Any], path: Path) -> Path:
    """Write an object as JSON with a digest of it, all or nothing.

    Args:
        content: The object, with string keys and plain values. Infinity stands in
            the file as the string "inf".
        path: The file; its folder must exist.

    Raises:
        RecordError: A value has no JSON form.
    """
    finite = _map_leaves(plain(content, path.stem), _infinity_to_text)
    sealed = {**finite, "digest": _digest(finite)}
    text = json.dumps(sealed, indent=1, allow_nan=False, ensure_ascii=False)
    text = NUMBERS.sub(lambda found: re.sub(r"\s+", " ", found[0]), text)
    # Write beside the target, then rename: a reader never sees half a file.
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        os.chmod(temporary, 0o644)  # mkstemp's 0600 would hide it from others
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    return path


def read(path: Path) -> dict:
    """Return the object that `write` wrote.

    Raises:
        RecordError: It is no JSON object, or not the one that was written.
    """
    try:
        sealed = json.loads(path.read_text(encoding="utf-8"))
        unchanged = sealed.pop("digest") == _digest(sealed)
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise RecordError(
            f"{path.name} is damaged: {type(error).__name__}: {error}; "
            f"restore it from git, or delete it and measure again"
        ) from None
    if not unchanged:
        raise RecordError(
            f"{path.name} was changed after it was written: its digest does not fit. "
            f"A record is measured, never edited: restore it from git, or delete it "
            f"and run `companion run {path.stem}`"
        )
    return _map_leaves(sealed, _text_to_infinity)


def plain(value: Any, where: str) -> Any:
    """Return a value in Python's own JSON types.

    numpy's numbers and arrays become Python's, keys become strings.

    Args:
        value: Numbers, texts, None, and lists, arrays and mappings of them.
            Infinity may occur; NaN, a measurement that failed, may not.
        where: What the value is, for errors.

    Raises:
        RecordError: A value has no JSON form, or two keys have the same text.
    """
    if isinstance(value, Mapping):
        made = {str(k): plain(v, f"{where}[{str(k)!r}]") for k, v in value.items()}
        if len(made) < len(value):
            raise RecordError(f"{where} has two keys of the same text: {list(value)}")
        return made
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [plain(v, f"{where}[{i}]") for i, v in enumerate(value)]
    if isinstance(value, float) and math.isnan(value):
        raise RecordError(f"{where} is NaN: a measurement that failed is no result")
    if isinstance(value, str) and value in INFINITIES:
        raise RecordError(f"{where} is the text {value!r}, which stands for infinity")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise RecordError(f"{where} is a {type(value).__name__}; JSON has no form for it")


def _check(record: Mapping[str, Any], where: str) -> None:
    """Raise RecordError unless a record has all its parts and they fit together."""
    _check_shape(record, SHAPE, where)
    _check_shape(record["provenance"], PROVENANCE, f"{where}['provenance']")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", record["name"]):
        raise RecordError(
            f"a record's name is lower-case letters, digits and _, a letter first, "
            f"not {record['name']!r}"
        )
    if record["world"] not in ("lab", "field"):
        raise RecordError(f"{where}: world is {record['world']!r}, not lab or field")
    results, measured = record["results"], record["provenance"]["measurements"]
    if set(measured) != {"settings", *results}:
        odd = ", ".join(sorted(set(measured) ^ {"settings", *results}))
        raise RecordError(
            f"{where}: result without provenance, or without result: {odd}"
        )
    for name, entry in measured.items():
        if not isinstance(entry, list):
            continue
        result = results.get(name)
        rows = len(result) if isinstance(result, list) else 0
        if not len(record["seeds"]) == len(entry) == rows:
            raise RecordError(
                f"{where}: {name!r} has not one result for each of {record['seeds']}"
            )


def _check_shape(value: Mapping[str, Any], shape: dict, where: str) -> None:
    for key, kind in shape.items():
        if not isinstance(value.get(key), kind):
            raise RecordError(
                f"{where}[{key!r}] is {value.get(key)!r}; a {kind.__name__} is expected"
            )


def _entries(record: Mapping[str, Any]) -> list[dict]:
    """Return the provenance of every measurement, seed by seed."""
    entries = []
    for entry in record["provenance"]["measurements"].values():
        entries += entry if isinstance(entry, list) else [entry]
    return entries


def _devices(machines: list[dict]) -> str:
    """Return what measured, in words, each kind of device once."""
    words = []
    for device in (machine["device"] for machine in machines):
        cores = f"{device['cores']} {device['kind'].upper()} core"
        words.append(cores + ("s" if device["cores"] > 1 else ""))
    return " and ".join(dict.fromkeys(words))


def _digest(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _infinity_to_text(value: Any) -> Any:
    return str(value) if isinstance(value, float) and math.isinf(value) else value


def _text_to_infinity(value: Any) -> Any:
    return INFINITIES.get(value, value) if isinstance(value, str) else value


def _map_leaves(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return a JSON value with `change` applied to all that is no list or object."""
    if isinstance(value, dict):
        return {key: _map_leaves(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [_map_leaves(item, change) for item in value]
    return change(value)
