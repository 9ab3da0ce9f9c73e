"""The `companion` command: experiments, claims, checkpoints, data, benchmarks."""

from typing import Annotated

import typer

from companion import bench as benchmarks
from companion import cards, experiments, field, pretrained, records
from companion.experiments import EXPERIMENTS
from companion.experiments.shipped import MAKERS
from companion.field import commands

app = typer.Typer(
    help="The book's experiments, claims, checkpoints, data and benchmarks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


app.add_typer(commands.app, name="data")


@app.command()
def run(
    names: Annotated[
        list[str] | None, typer.Argument(help="Experiments; all of them by default.")
    ] = None,
    preset: Annotated[str, typer.Option(help="Size of the run.")] = "cpu",
    seeds: Annotated[
        int | None, typer.Option(min=1, help="How many; by default as many as planned.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Measure anew what is up to date, too.")
    ] = False,
) -> None:
    """Measure what is out of date in experiments, and keep their records.

    Each measurement is kept as it ends: after an interruption the same command goes on.
    """
    for name in names or []:
        _choose("experiment", name, EXPERIMENTS)
    failed = []
    for name in names or EXPERIMENTS:
        try:
            experiments.run(
                EXPERIMENTS[name], preset=preset, seeds=seeds, again=again, say=_say
            )
        except KeyboardInterrupt:
            _fail("stopped; what was measured is kept, the same command goes on", 130)
        except (field.FieldDataError, ValueError) as error:
            typer.echo(f"error: {name}: {error}", err=True)
            failed.append(name)
    if failed:
        raise typer.Exit(1)


@app.command()
def pretrain(
    names: Annotated[
        list[str] | None, typer.Argument(help="Checkpoints; all of them by default.")
    ] = None,
) -> None:
    """Train anew the checkpoints that ship with the package, and replace them."""
    for name in names or []:
        _choose("checkpoint", name, MAKERS)
    for name in names or MAKERS:
        try:
            MAKERS[name]()
        except (OSError, ValueError) as error:
            _fail(f"{name}: {error}", code=1)
        _say(pretrained.describe(name))


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


@app.command()
def ledger() -> None:
    """Print every claim of the book with its control and its verdict."""
    try:
        typer.echo(cards.ledger())
    except ValueError as error:
        _fail(str(error), code=1)


@app.command("list")
def list_() -> None:
    """List experiments, records, checkpoints and benchmarks."""
    kept = records.names()
    typer.echo("experiments")
    for name, experiment in EXPERIMENTS.items():
        when = "not recorded yet"
        if name in kept:
            try:
                when = records.describe(records.load(name))
                if stale := experiments.out_of_date(experiment):
                    when += f"; out of date: {'; '.join(stale)}"
            except records.RecordError as error:
                when = f"error: {error}"
        typer.echo(f"  {name}: {when}")
    typer.echo("checkpoints")
    there = pretrained.names()
    for name in MAKERS:
        what = f"{name}: not made yet"
        if name in there:
            try:
                what = pretrained.describe(name).splitlines()[0]
            except pretrained.PretrainedError as error:
                what = f"{name}: error: {error}"
        typer.echo(f"  {what}")
    typer.echo("benchmarks")
    for name in sorted(BENCHMARKS):
        typer.echo(f"  {name}")


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


def _say(line: str) -> None:
    """Print a line at once, so that a log file too shows how far a run has come."""
    print(line, flush=True)


if __name__ == "__main__":
    app()
