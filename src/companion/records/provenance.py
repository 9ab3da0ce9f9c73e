"""Where a number comes from: the code, the libraries, the machine."""

import hashlib
import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from companion.field.fetch import registered_file

PACKAGE = Path(__file__).parents[1]
LIBRARIES = ("numpy", "torch")


def companion() -> dict:
    """Return the package's version and, in a checkout of it, its git commit.

    Returns:
        `version`; `commit`, None outside a checkout; `changed`, whether the
        package's files differ from the commit, records and claims aside.
    """
    found = {"version": _version("companion"), "commit": None, "changed": None}
    # Subtle: a package installed inside some other project's checkout must not
    # take that project's commit, hence the question whether git tracks it.
    if _git("ls-files", "--error-unmatch", "records/__init__.py") is not None:
        found["commit"] = _git("rev-parse", "HEAD")
        if found["commit"] is not None:
            others = (":(exclude)records/*.json", ":(exclude)records/*.toml")
            changes = _git("status", "--porcelain", "--", ".", *others)
            found["changed"] = changes != ""  # None, no answer, is no clean bill
    return found


def hashes(data: Iterable[str]) -> dict[str, str]:
    """Return the SHA-256 of all that was read.

    Args:
        data: Registered files, such as "brown/brown.zip", and folders of the package,
            such as "lab/lexicon".

    Raises:
        ValueError: It is neither.
    """
    found = {}
    for name in data:
        folder = PACKAGE / name
        if folder.is_dir():
            whole = hashlib.sha256()
            for path in sorted(folder.iterdir()):
                whole.update(path.name.encode() + path.read_bytes())
            found[name] = whole.hexdigest()
        else:
            found[name] = registered_file(name)["sha256"]
    return found


def machine() -> dict:
    """Return what computes: platform, device, and versions of Python and libraries."""
    loaded = [name for name in LIBRARIES if name in sys.modules]
    return {
        "platform": f"{platform.system()} {platform.machine()}",
        "device": {"kind": "cpu", "cores": _cores()},
        "versions": {
            "python": platform.python_version(),
            **{name: _version(name) for name in loaded},
        },
    }


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


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
