"""The `companion` command: run an experiment, benchmark, list what there is."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from companion import bench as benchmarks
from companion import field, records
from companion.experiments import EXPERIMENTS

app = typer.Typer(
    help="Experiments and benchmarks of the book.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def run(name: Annotated[str, typer.Argument(help="Name of an experiment.")]) -> None:
    """Run an experiment, keep its record, and say what was found."""
    _choose("experiment", name, EXPERIMENTS)
    typer.echo(f"running {name}; this takes minutes and saves its record at the end")
    try:
        found = EXPERIMENTS[name]()
    except field.FieldDataError as error:
        _fail(str(error), code=1)
    path = records.save(found)
    typer.echo(f"saved {_short(path)}")
    typer.echo(f"took {found['provenance']['wall_seconds']:,.1f} s")
    for line in summary(found["results"]):
        typer.echo(line)


@app.command()
def bench(
    name: Annotated[str, typer.Argument(help="Name of a benchmark.")],
    tokens: Annotated[
        int, typer.Option(min=1_000, max=800_000, help="Training tokens.")
    ] = 800_000,
) -> None:
    """Compare our speed with a well-known library's, in one run."""
    _choose("benchmark", name, BENCHMARKS)
    try:
        BENCHMARKS[name](tokens)
    except (field.FieldDataError, ImportError) as error:
        _fail(str(error), code=1)


@app.command("list")
def list_() -> None:
    """List experiments, records and benchmarks."""
    kept = records.names()
    typer.echo("experiments")
    for name in sorted(EXPERIMENTS):
        when = "not recorded yet"
        if name in kept:
            provenance = records.load(name)["provenance"]
            when = (
                f"recorded {provenance['date'][:10]}, "
                f"{provenance['wall_seconds']:,.1f} s"
            )
        typer.echo(f"  {name}: {when}")
    typer.echo("benchmarks")
    for name in sorted(BENCHMARKS):
        typer.echo(f"  {name}")


def summary(results: Any, most: int = 30, place: str = "") -> list[str]:
    """Return a few short lines on an experiment's results.

    Args:
        results: A record's `results`.
        most: How many lines at most; the last says how many are left out.
        place: Where in the record `results` stands.

    Returns:
        A line for each number or short list of numbers: its place, its value.
    """
    lines = []
    for key, value in results.items():
        here = f"{place}{key}"
        if isinstance(value, dict):
            lines.extend(summary(value, sys.maxsize, f"{here} / "))
        elif _is_number(value):
            lines.append(f"  {here}: {value:,.5g}")
        elif isinstance(value, list) and value and all(map(_is_number, value)):
            shown = "  ".join(f"{item:,.5g}" for item in value[:6])
            lines.append(f"  {here}: {shown}{'  ...' if len(value) > 6 else ''}")
    if len(lines) > most:
        lines[most - 1 :] = [f"  and {len(lines) - most + 1} more lines"]
    return lines


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _bench_ngram(tokens: int) -> None:
    """Time n-gram models on Brown, reading it outside of the timing."""
    split = field.bengio_split(field.brown().words)
    train = split.train[:tokens]
    benchmarks.ngram(train, split.test, len(split.vocabulary))


BENCHMARKS = {"ngram": _bench_ngram}


def _choose(kind: str, name: str, choices: dict) -> None:
    """End with exit code 2 unless the name is one of the choices."""
    if name not in choices:
        _fail(f"no {kind} {name!r}; choose from: {', '.join(sorted(choices))}", code=2)


def _fail(message: str, code: int) -> None:
    """Print an error and end."""
    typer.echo(f"error: {message}", err=True)
    raise typer.Exit(code)


def _short(path: Path) -> str:
    """Return a path as seen from here, or from the package when it lies elsewhere."""
    for folder in (Path.cwd(), records.PACKAGE.parent):
        if path.is_relative_to(folder):
            return str(path.relative_to(folder))
    return path.name


if __name__ == "__main__":
    app()
