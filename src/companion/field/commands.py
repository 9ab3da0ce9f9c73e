"""The `companion data` command: list, fetch and verify public data.

Chapters: all with a field record. For a reader who fetches ahead of a train ride,
and a teacher who fills one cache for a class.
"""

import os
import sys
import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Annotated, NoReturn

import typer

from companion.field import faults, fetch, registry, verify
from companion.field.cards import megabytes, terms
from companion.field.fetch import cache_folder

WIDTH = 100  # columns that the list may take
NARROW = 79  # columns of a line that is written over: it must not wrap
FETCH_ONE = "companion data fetch"

app = typer.Typer(
    help="Public data: what there is, fetching it, checking it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command("list")
def list_() -> None:
    """List the data sets: size, files in the cache, chapters, terms."""
    rows = [("name", "size", "cached", "chapters", "terms")]
    for name, data_set in registry().items():
        files = data_set["files"]
        here = sum(os.path.isfile(cache_folder() / file["path"]) for file in files)
        chapters = " ".join(map(str, data_set["chapters"]))
        size = megabytes(data_set["bytes"])
        rows.append((name, size, f"{here}/{len(files)}", chapters, terms(data_set)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    left = WIDTH - sum(widths[:-1]) - 2 * (len(widths) - 1)
    for name, size, cached, chapters, short in rows:
        cells = [
            name.ljust(widths[0]),
            size.rjust(widths[1]),
            cached.rjust(widths[2]),
            chapters.ljust(widths[3]),
            textwrap.shorten(short, left, placeholder=" …"),
        ]
        typer.echo("  ".join(cells).rstrip())
    total = sum(data_set["bytes"] for data_set in registry().values())
    typer.echo(f"{len(rows) - 1} data sets, {megabytes(total)}; all licences in full:")
    typer.echo("the page “Data cards” of the book")


@app.command("fetch")
def fetch_(
    names: Annotated[
        list[str] | None, typer.Argument(help="Names of data sets.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Fetch all data sets.")] = False,
) -> None:
    """Fetch data sets into the cache; a file that is there already is checked."""
    data_sets = registry()
    unknown = [name for name in names or [] if name not in data_sets]
    if unknown:
        _refuse(f"no data set {', '.join(unknown)}", data_sets)
    if not (names or all_):
        _refuse("no name, no --all", data_sets)
    # A name given twice is fetched once.
    chosen = list(data_sets) if all_ else list(dict.fromkeys(names or []))
    failures = {}
    for name in chosen:
        found = _fetch_set(name, data_sets[name]["files"])
        failures |= found
        if any(isinstance(error, faults.CacheError) for error in found.values()):
            break  # the next file would meet the same fault
    if failures:
        _report(failures)
        raise typer.Exit(1)
    typer.echo(f"all files are in {cache_folder()}")


@app.command("verify")
def verify_() -> None:
    """Hash all files in the cache afresh, and name the damaged ones."""
    states = verify()
    counts = Counter(states.values())
    typer.echo(
        f"of {len(states)} files: {counts['good']} good, {counts['damaged']} damaged, "
        f"{counts['unreadable']} unreadable, {counts['missing']} not fetched"
    )
    bad = [path for path in states if states[path] in ("damaged", "unreadable")]
    if not bad:
        return
    for path in bad:
        typer.echo(f"  {states[path]}: {path}")
    if counts["damaged"]:
        names = {p.partition("/")[0] for p in bad if states[p] == "damaged"}
        typer.echo("To replace the damaged files:")
        typer.echo(f"  {FETCH_ONE} {' '.join(sorted(names))}")
    if counts["unreadable"]:
        typer.echo(f"You have no permission to read some files in {cache_folder()}:")
        typer.echo("  ask for it where the folder is shared, or use one of your own,")
        typer.echo(f"  named by {faults.CACHE_VARIABLE}.")
    raise typer.Exit(1)


def _fetch_set(name: str, files: Sequence[dict]) -> dict[str, faults.FieldDataError]:
    """Fetch the files of one data set, with a line on how far it is.

    Returns:
        The error of each file that could not be had, by the file's path.
    """
    failures = {}
    came = 0
    total = megabytes(sum(file["bytes"] for file in files))
    for number, file in enumerate(files, start=1):
        _live(f"{name}: file {number} of {len(files)}, {megabytes(came)} of {total}")
        try:
            fetch(file["path"])
            came += file["bytes"]
        except faults.FieldDataError as error:
            failures[file["path"]] = error
            if isinstance(error, faults.CacheError):
                break
    _live("")
    good = number - len(failures)
    typer.echo(f"{name}: {good} of {len(files)} files, {megabytes(came)}")
    return failures


def _report(failures: dict[str, faults.FieldDataError]) -> None:
    """Name the files that could not be had, and print the last error in full."""
    _error(f"files that could not be had ({len(failures)}):")
    for path in failures:
        typer.echo(f"  {path}", err=True)
    *_, last = failures.values()
    typer.echo(f"The last one in full: {last}", err=True)


def _live(text: str) -> None:
    """Overwrite the current line of a terminal; elsewhere print nothing."""
    if sys.stdout.isatty():
        typer.echo(f"\r{text:<{NARROW}}\r{text}", nl=False)


def _refuse(wrong: str, choices: Iterable[str]) -> NoReturn:
    """End with exit code 2 and the choices."""
    _error(f"{wrong}; choose from: {', '.join(sorted(choices))}")
    raise typer.Exit(2)


def _error(message: str) -> None:
    typer.echo(f"error: {message}", err=True)


if __name__ == "__main__":
    app()
