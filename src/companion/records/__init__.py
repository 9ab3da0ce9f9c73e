"""Records: what an experiment found, and all that is needed to find it again.

Chapters: all with a field experiment. One JSON file for each experiment lies beside
this module; the notebooks draw it.
"""

import json
import math
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from companion.field import registry
from companion.field.fetch import registered_file

__all__ = ["describe", "load", "names", "record", "save"]

FOLDER = Path(__file__).parent
PACKAGE = FOLDER.parent
LIBRARIES = ("numpy",)
INFINITIES = {"inf": math.inf, "-inf": -math.inf}


def record(
    name: str,
    *,
    settings: Mapping[str, Any],
    results: Mapping[str, Any],
    data: Iterable[str],
    started: float,
) -> dict:
    """Return an experiment's results with their provenance.

    Args:
        name: The experiment's name: lower-case letters, digits, underscores.
        settings: All that was chosen: sizes, seeds, hyperparameters.
        results: All that was measured. numpy's numbers and arrays become
            Python's, keys become strings; infinity may occur, NaN may not.
        data: Registered files that were read, such as "brown/brown.zip". A
            file that `field.fetch` returned has the registered SHA-256.
        started: `time.time()` when the experiment began, in seconds.

    Returns:
        `name`, `settings`, `results`, and `provenance`: date (UTC), companion
        (version, git commit, whether its files differ from the commit), data
        (SHA-256 by file), versions, platform, device and wall_seconds.

    Raises:
        ValueError: The name is no such word, a value has no JSON form, two keys
            have the same text, or a file is not registered.
    """
    whole = {
        "name": _checked_name(name),
        "settings": settings,
        "results": results,
        "provenance": {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "companion": _companion(),
            "data": {f: registered_file(f, registry())["sha256"] for f in data},
            "versions": _versions(),
            "platform": f"{platform.system()} {platform.machine()}",
            "device": {"kind": "cpu", "cores": _cores()},
            # A clock that was set back must not cost the run.
            "wall_seconds": max(0.0, round(time.time() - started, 2)),
        },
    }
    return _plain(whole, "record")


def save(record: Mapping[str, Any], folder: Path | None = None) -> Path:
    """Write a record as `<name>.json`, all of it or nothing.

    Args:
        record: What `record` returned.
        folder: Where to; beside this module by default.

    Returns:
        Path of the file. Infinity stands in it as the string "inf".

    Raises:
        ValueError: The record has no usable name, or a value has no JSON form.
    """
    folder = FOLDER if folder is None else Path(folder)
    name = _checked_name(record.get("name"))
    finite = _map_leaves(_plain(record, "record"), _infinity_to_text)
    text = json.dumps(
        finite, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False
    )
    target = folder / f"{name}.json"
    # Write beside the target, then rename: a reader never sees half a record.
    handle, temporary = tempfile.mkstemp(dir=folder, suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        os.chmod(temporary, 0o644)  # mkstemp's 0600 would hide it from others
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
    return target


def load(name: str, folder: Path | None = None) -> dict:
    """Return the record of an experiment.

    Args:
        name: The experiment's name.
        folder: Where from; beside this module by default.

    Returns:
        The record as `record` returned it, infinity a float again.

    Raises:
        ValueError: There is no record of that name.
    """
    folder = FOLDER if folder is None else Path(folder)
    if name not in names(folder):
        there = ", ".join(names(folder)) or "none"
        raise ValueError(f"no record {name!r}; there are: {there}")
    text = (folder / f"{name}.json").read_text(encoding="utf-8")
    return _map_leaves(json.loads(text), _text_to_infinity)


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
    code, device = about["companion"], about["device"]
    cores = f"{device['cores']} {device['kind'].upper()} core"
    cores += "s" if device["cores"] > 1 else ""
    commit = f" ({code['commit'][:7]})" if code["commit"] else ""
    return (
        f"recorded {about['date'][:10]} in {about['wall_seconds']:,.0f} s on "
        f"{cores}, "
        f"companion {code['version']}{commit}, numpy {about['versions']['numpy']}"
    )


def _checked_name(name: object) -> str:
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ValueError(
            f"a record's name is lower-case letters, digits and _, a letter first, "
            f"not {name!r}"
        )
    return name


def _plain(value: Any, where: str) -> Any:
    """Return a value in Python's own JSON types; `where` is its place, for errors."""
    if isinstance(value, Mapping):
        plain = {str(k): _plain(v, f"{where}[{str(k)!r}]") for k, v in value.items()}
        if len(plain) < len(value):
            raise ValueError(f"{where} has two keys of the same text: {list(value)}")
        return plain
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(v, f"{where}[{i}]") for i, v in enumerate(value)]
    if isinstance(value, float) and math.isnan(value):
        raise ValueError(f"{where} is NaN: a measurement that failed is no result")
    if isinstance(value, str) and value in INFINITIES:
        raise ValueError(f"{where} is the text {value!r}, which stands for infinity")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise ValueError(f"{where} is a {type(value).__name__}, which JSON has no form for")


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


def _companion() -> dict:
    """Return the package's version and, in a checkout of it, its git commit."""
    found = {"version": _version("companion"), "commit": None, "changed": None}
    # Subtle: a package installed inside some other project's checkout must not
    # take that project's commit, hence the question whether git tracks it.
    if _git("ls-files", "--error-unmatch", "records/__init__.py") is not None:
        found["commit"] = _git("rev-parse", "HEAD")
        if found["commit"] is not None:
            changes = _git(
                "status", "--porcelain", "--", ".", ":(exclude)records/*.json"
            )
            found["changed"] = bool(changes)
    return found


def _git(*arguments: str) -> str | None:
    """Return what git answers in the package's folder, None when it fails."""
    command = ["git", "-C", str(PACKAGE), *arguments]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _versions() -> dict:
    """Return the versions of Python and of those libraries that were imported."""
    loaded = [name for name in LIBRARIES if name in sys.modules]
    return {
        "python": platform.python_version(),
        **{name: _version(name) for name in loaded},
    }


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
