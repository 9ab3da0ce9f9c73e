"""Fetching: a name in the registry becomes the path of a verified file.

Chapters: all with a field record. A file is looked for in the cache, then in a
mirror folder, then at its public URLs. Whatever the place, its SHA-256 decides.
"""

import functools
import json
import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pooch

CACHE_VARIABLE = "COMPANION_DATA_CACHE"
MIRROR_VARIABLE = "COMPANION_DATA_MIRROR"
REGISTRY_PATH = Path(__file__).with_name("registry.json")


class FieldDataError(OSError):
    """Public data could not be had, or is not what the registry says."""


@functools.cache
def registry() -> dict[str, dict]:
    """Return the data sets that the book uses, by name.

    Returns:
        One entry for each data set: licence, `counts` that a reader must find,
        and `files` with path, url, sha256 and size in bytes.
    """
    entries = json.loads(REGISTRY_PATH.read_text(encoding="utf-8"))["datasets"]
    return {entry["name"]: entry for entry in entries}


def registered_file(name: str, data_sets: Mapping[str, dict] | None = None) -> dict:
    """Return the registry's entry of one file.

    Args:
        name: Path of the file in the registry, such as "brown/brown.zip".
        data_sets: A registry; the book's own by default.

    Returns:
        The file's path, url, sha256 and bytes.

    Raises:
        ValueError: No data set has a file of that name.
    """
    data_sets = registry() if data_sets is None else data_sets
    files = {file["path"]: file for ds in data_sets.values() for file in ds["files"]}
    if name not in files:
        raise ValueError(
            f"no file {name!r} in the registry; it has: {', '.join(sorted(files))}"
        )
    return files[name]


def cache_folder() -> Path:
    """Return the folder that keeps fetched files.

    Returns:
        The folder named by COMPANION_DATA_CACHE, else the user's own cache.
    """
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named).expanduser() if named else Path(pooch.os_cache("road-to-bert"))


def fetch(name: str, data_sets: Mapping[str, dict] | None = None) -> Path:
    """Return the path of a registered file, its SHA-256 checked.

    Args:
        name: Path of the file in the registry, such as "brown/brown.zip".
        data_sets: A registry; the book's own by default.

    Returns:
        Path of the file in the cache. The bytes have the registered SHA-256.

    Raises:
        ValueError: No data set has a file of that name.
        FieldDataError: No source gave the right bytes; the message names each
            one that was tried and says how to go on offline.
    """
    file = registered_file(name, data_sets)
    target = cache_folder() / name
    failures = []
    for source, downloader in _sources(file):
        try:
            with _quiet_pooch():
                # Subtle: pooch writes to a temporary file, checks the hash and
                # only then moves it, so no partial or wrong file is ever left.
                pooch.retrieve(
                    source,
                    known_hash=f"sha256:{file['sha256']}",
                    fname=target.name,
                    path=target.parent,
                    downloader=downloader,
                )
            return target
        except (OSError, ValueError) as error:  # requests' errors are OSErrors
            failures.append(f"  {source}: {_first_line(error)}")
    raise FieldDataError(_advice(file, target, failures))


def _sources(file: dict) -> Iterator[tuple[str, object]]:
    """Yield (address, pooch downloader) in the order in which they are tried."""
    mirror = os.environ.get(MIRROR_VARIABLE)
    if mirror:
        yield str(Path(mirror).expanduser() / file["path"]), _copy
    for url in [file["url"], *file.get("mirrors", [])]:
        yield url, None


def _copy(url: str, output_file: str, pooch: object) -> None:
    """Copy a file of the mirror folder: a downloader in pooch's own terms."""
    shutil.copyfile(url, output_file)


@contextmanager
def _quiet_pooch() -> Iterator[None]:
    """Keep pooch from printing this machine's folders into a notebook."""
    logger = pooch.get_logger()
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(before)


def _first_line(error: Exception) -> str:
    """Return an error's type and the first line of its message."""
    lines = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}"


def _advice(file: dict, target: Path, failures: list[str]) -> str:
    """Return what was tried for a file, and how to go on without a network."""
    return "\n".join(
        [
            f"could not get {file['path']} ({file['bytes']:,} bytes). Tried:",
            *failures,
            "To go on offline, either",
            f"  set {MIRROR_VARIABLE} to a folder that holds {file['path']}, or",
            f"  put the file at {target} yourself",
            f"  (its SHA-256 must be {file['sha256']}).",
            f"{CACHE_VARIABLE} names another folder to keep files in.",
        ]
    )
