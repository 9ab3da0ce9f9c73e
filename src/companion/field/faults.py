"""What can go wrong with public data, in words that say what to do about it.

Chapters: all with a field record. A fault of a source (dead, cut off, tampered)
is another thing than a fault of the cache (read-only, full): the next source may
mend the first, and none can mend the second. Messages are written here and never
passed on from a library, whose text may hold the password of a proxy.
"""

import errno
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path

CACHE_VARIABLE = "COMPANION_DATA_CACHE"
MIRROR_VARIABLE = "COMPANION_DATA_MIRROR"
# A disk without room, a quota that is used up, a limit on the size of a file.
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
DAMAGED = "The file in the cache is damaged (its SHA-256 is wrong)"
WEB_PAGE = (b"<!doctype html", b"<html", b"<head", b"<body", b"<?xml")


class FieldDataError(OSError):
    """Public data could not be had, or is not what the registry says."""


class CacheError(FieldDataError):
    """The cache cannot be read or written, so no source of the data can help."""


class SourceFault(Exception):
    """One source did not give the right bytes; its message says what it gave."""


def what_came(path: Path, expected_bytes: int) -> str:
    """Return what a download gave in place of the registered file.

    Args:
        path: The downloaded file; the answer holds if its SHA-256 is wrong.
        expected_bytes: Size of the registered file.

    Returns:
        A clause without full stop: a web page, too few bytes, or changed ones.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        beginning = file.read(512).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if beginning.startswith(WEB_PAGE):
        return (
            f"a web page of {size:,} bytes came in place of the data, "
            "such as a page for login or consent"
        )
    if size != expected_bytes:
        how = "cut off" if size < expected_bytes else "not this file"
        return f"{how}: {size:,} bytes came, not {expected_bytes:,}"
    return "tampered with or damaged: its SHA-256 is wrong, though its size is right"


def what_a_server_did(error: Exception, timeout: float) -> str:
    """Return how a request failed.

    Args:
        error: What the requests library raised.
        timeout: How long each answer was waited for, in seconds.

    Returns:
        A clause without full stop.
    """
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        known = status in set(HTTPStatus)
        phrase = f" {HTTPStatus(status).phrase}" if known else ""
        return f"the server answered {status}{phrase}"
    # By name: an import of requests would slow down that of this package, and a
    # stalled download hides its timeout in another library's error.
    names = {type(part).__name__ for part in (error, *error.args)}
    if any("Timeout" in name for name in names):
        return f"no answer for {timeout:g} seconds"
    if any("SSL" in name for name in names):
        return "no secure connection: its certificate was refused"
    if any("Proxy" in name for name in names):
        return "no connection: the proxy refused it or could not be reached"
    if names & {"ChunkedEncodingError", "ContentDecodingError"}:
        return "cut off: the connection broke before the end, or the data were garbled"
    if "ConnectionError" in names:
        return "no connection: offline, blocked, or nothing answers at that address"
    problem = type(error).__name__
    return f"the request failed ({problem}); if you use a proxy, check its address"


def no_source(
    file: dict, target: Path, failures: Sequence[str], damaged: bool
) -> FieldDataError:
    """Return the error that no source had the file, with what was tried.

    Args:
        file: The registry's entry of the file.
        target: Where in the cache it would be.
        failures: A source and what it gave, each.
        damaged: Whether the cache holds something else under that name.
    """
    lines = [
        f"could not get {file['path']} ({file['bytes']:,} bytes). Tried:",
        *(f"  {failure}" for failure in failures),
    ]
    if damaged:
        lines.append(f"{DAMAGED}: {target}")
    return FieldDataError(
        "\n".join(
            [
                *lines,
                "Check the network and try again. To go on offline, either",
                f"  set {MIRROR_VARIABLE} to a folder that holds {file['path']}, or",
                f"  put the file at {target} yourself",
                f"  (its SHA-256 must be {file['sha256']}).",
                f"{CACHE_VARIABLE} names another folder to keep files in.",
            ]
        )
    )


def cache_fault(file: dict, target: Path, error: OSError, damaged: bool) -> CacheError:
    """Return the error that the cache cannot keep or read the file.

    Args:
        file: The registry's entry of the file.
        target: Where in the cache it would be.
        error: What the system said.
        damaged: Whether the cache holds something else under that name.
    """
    if error.errno in FULL:
        why = "the disk or your quota is full"
        advice = (
            f"Make room for {file['bytes']:,} bytes, "
            f"or set {CACHE_VARIABLE} to a folder on another disk."
        )
    else:
        # pooch words a refusal itself, and gives it no number.
        refused = isinstance(error, PermissionError)
        why = (
            "you have no permission to read or write there"
            if refused
            else error.strerror or type(error).__name__
        )
        advice = f"Set {CACHE_VARIABLE} to a folder that you may write to."
    lines = [f"could not keep {file['path']} in the cache: {why}", f"  {target}"]
    if damaged:
        lines.append(f"{DAMAGED}.")
    lines += [advice, "No other source was tried: the fault is on this machine."]
    return CacheError("\n".join(lines))


def check_counts(
    name: str, found: Mapping[str, int], expected: Mapping[str, int]
) -> None:
    """Raise FieldDataError unless a data set was read whole.

    Args:
        name: Name of the data set.
        found: What was counted, by what it is called.
        expected: The registered counts; those not in `found` are not looked at.
    """
    wrong = [
        f"{found[what]:,} {what}, expected {expected[what]:,}"
        for what in found
        if found[what] != expected[what]
    ]
    if wrong:
        raise FieldDataError(f"{name} was read wrongly: {'; '.join(wrong)}")
