"""Fetching: a name in the registry becomes the path of a verified file.

Chapters: all with a field record. A file is looked for in the cache, then in a
mirror folder, then at its public URLs. Whatever the place, its SHA-256 decides.
"""

import functools
import json
import logging
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pooch

from companion.field import faults
from companion.field.faults import CACHE_VARIABLE, FULL, MIRROR_VARIABLE, SourceFault

REGISTRY_PATH = Path(__file__).with_name("registry.json")
TIMEOUT_SECONDS = 20.0  # how long a server may say nothing before the next is asked
CHUNK_BYTES = 1 << 16
READABLE = 0o644  # pooch's own files could be read by their owner alone
ON_GITHUB = re.compile(
    r"https://raw\.githubusercontent\.com/([^/]+/[^/]+)/([0-9a-f]{40})/(.+)"
)


@functools.cache
def registry() -> dict[str, dict]:
    """Return the data sets that the book uses, by name.

    Returns:
        One entry for each data set: title, description, licence, `counts` that a
        reader must find, and `files` with path, url, sha256 and size in bytes.
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
    data_set = _data_set(name.partition("/")[0], data_sets)
    files = {file["path"]: file for file in data_set["files"]}
    if name not in files:
        raise ValueError(
            f"no file {name!r} in the registry; {data_set['name']} has: "
            f"{', '.join(sorted(files))}"
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
        CacheError: The cache cannot be read or written, or its disk is full.
        FieldDataError: No source gave the right bytes; the message names each
            one that was tried and says how to go on offline.
    """
    file = registered_file(name, data_sets)
    target = cache_folder() / name
    failures = []
    for address, download in _sources(file):
        try:
            _retrieve(address, download, file, target)
            return target
        except SourceFault as fault:
            failures.append(f"{address}: {fault}")
        except OSError as error:
            damaged = _state(target, file) == "damaged"
            raise faults.cache_fault(file, target, error, damaged) from error
    damaged = _state(target, file) == "damaged"
    raise faults.no_source(file, target, failures, damaged)


def fetch_all(name: str, data_sets: Mapping[str, dict] | None = None) -> list[Path]:
    """Return the paths of all files of a data set, each checked as by `fetch`.

    Args:
        name: Name of the data set, such as "brown".
        data_sets: A registry; the book's own by default.

    Returns:
        Paths in the cache, in the registry's order.

    Raises:
        ValueError: There is no data set of that name.
        FieldDataError: A file could not be had; see `fetch`.
    """
    data_sets = registry() if data_sets is None else data_sets
    files = _data_set(name, data_sets)["files"]
    return [fetch(file["path"], data_sets) for file in files]


def verify(data_sets: Mapping[str, dict] | None = None) -> dict[str, str]:
    """Return the state of each registered file in the cache, hashed afresh.

    Nothing is fetched, changed or deleted.

    Args:
        data_sets: A registry; the book's own by default.

    Returns:
        For each file's path "good", "missing", "damaged" (its SHA-256 is wrong)
        or "unreadable" (the system refuses to read it).
    """
    data_sets = registry() if data_sets is None else data_sets
    files = [file for data_set in data_sets.values() for file in data_set["files"]]
    return {file["path"]: _state(cache_folder() / file["path"], file) for file in files}


def _state(path: Path, file: dict) -> str:
    """Return the state of one file in the cache, as `verify` names it."""
    try:
        found = pooch.file_hash(str(path))
    except FileNotFoundError:
        return "missing"
    except OSError:
        return "unreadable"
    return "good" if found == file["sha256"] else "damaged"


def _data_set(name: str, data_sets: Mapping[str, dict]) -> dict:
    """Return a data set's entry, or raise ValueError with the choices."""
    if name not in data_sets:
        choices = ", ".join(sorted(data_sets))
        raise ValueError(f"no data set {name!r} in the registry; it has: {choices}")
    return data_sets[name]


def _sources(file: dict) -> Iterator[tuple[str, Callable[[str, str], None]]]:
    """Yield (address, download) in the order in which they are tried."""
    mirror = os.environ.get(MIRROR_VARIABLE)
    if mirror:
        yield str(Path(mirror).expanduser() / file["path"]), _copy
    urls = [file["url"], *file.get("mirrors", [])]
    # The same commits at another host, last: it refuses large repositories, but
    # answers where GitHub is blocked.
    elsewhere = [
        ON_GITHUB.sub(r"https://cdn.jsdelivr.net/gh/\1@\2/\3", url)
        for url in urls
        if ON_GITHUB.fullmatch(url)
    ]
    for url in [*urls, *elsewhere]:
        yield url, _download


def _retrieve(
    address: str, download: Callable[[str, str], None], file: dict, target: Path
) -> None:
    """Let pooch put the file at `target`, from the cache itself or from one source.

    Raises:
        SourceFault: The source did not give the right bytes.
        OSError: The cache cannot be read or written.
    """
    came = "nothing"

    def note_what_comes(url: str, output_file: str, _: object) -> None:
        nonlocal came
        download(url, output_file)
        came = faults.what_came(Path(output_file), file["bytes"])
        with suppress(OSError):  # some file systems have no permissions to set
            os.chmod(output_file, READABLE)

    with _quiet_pooch():
        try:
            # Subtle: pooch writes to a temporary file of its own, checks the hash
            # and only then moves it, so no partial or wrong file is ever left, and
            # two processes at once do not write into each other's file.
            pooch.retrieve(
                address,
                known_hash=f"sha256:{file['sha256']}",
                fname=target.name,
                path=target.parent,
                downloader=note_what_comes,
            )
        except ValueError as error:  # what pooch raises for a wrong hash
            raise SourceFault(came) from error


def _download(url: str, output_file: str) -> None:
    """Write what a URL gives to a file; only its own errors are SourceFaults."""
    from requests import RequestException  # late, as pooch does: it is slow

    get = pooch.HTTPDownloader(timeout=TIMEOUT_SECONDS, chunk_size=CHUNK_BYTES)
    try:
        get(url, output_file, None)
    except Exception as error:
        # A request fails in more ways than it says: a proxy's address without a
        # host is a TypeError. What is left are faults of writing the file.
        if isinstance(error, OSError) and not isinstance(error, RequestException):
            raise
        fault = faults.what_a_server_did(error, TIMEOUT_SECONDS)
        raise SourceFault(fault) from error


def _copy(path: str, output_file: str) -> None:
    """Copy a file of the mirror folder; only a full disk is not the mirror's fault."""
    try:
        shutil.copyfile(path, output_file)
    except FileNotFoundError as error:
        raise SourceFault("no such file") from error
    except OSError as error:
        if error.errno in FULL:
            raise
        raise SourceFault(error.strerror or type(error).__name__) from error


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
