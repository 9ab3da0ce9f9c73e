"""Running an experiment: what is out of date is measured, and kept as it ends.

Chapters: all, behind `companion run`. An experiment is a module of plain functions.
Its measurements take what they need by name, as in pytest: a parameter `split` is
given what the module's function `split` returns, computed once. So each measurement
can be run, kept and judged out of date by itself.
"""

import inspect
import itertools
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from types import ModuleType
from typing import Any

from companion import records
from companion.experiments.fingerprint import fingerprint
from companion.experiments.parts import (
    Key,
    Measured,
    assemble,
    keep_work,
    measurements,
    parts_of,
    read_work,
    work_file,
    worse,
)
from companion.records import provenance


@dataclass(frozen=True)
class Experiment:
    """Measurements that make one record.

    Attributes:
        name: The record's name: lower-case letters, digits, underscores.
        world: "lab", where the truth is known, or "field", on real text.
        data: What is read: registered files, such as "brown/brown.zip", and folders
            of the package, such as "lab/lexicon".
        once: Measurements that no seed changes; a result's name is its function's.
            The one called `settings` returns what was chosen.
        by_seed: Measurements that take a `seed`.
        seeds: How many seeds are run unless said otherwise.
        presets: Sizes it can be run at; a function may take `preset`.
    """

    name: str
    world: str
    data: tuple[str, ...]
    once: tuple[Callable, ...]
    by_seed: tuple[Callable, ...] = ()
    seeds: int = 3
    presets: tuple[str, ...] = ("cpu",)

    def record_name(self, preset: str) -> str:
        """Return the name of the record for a preset.

        Raises:
            ValueError: The experiment has no such preset.
        """
        if preset not in self.presets:
            choices = ", ".join(self.presets)
            raise ValueError(f"{self.name} has no preset {preset!r}, only: {choices}")
        return self.name if preset == "cpu" else f"{self.name}_{preset}"

    def keys(self, seeds: int) -> list[Key]:
        """Return all measurements in the order in which they are run.

        Raises:
            ValueError: `seeds` is below 1.
        """
        if seeds < 1:
            raise ValueError(f"an experiment needs 1 seed or more, not {seeds}")
        by_seed = itertools.product(range(seeds), self.by_seed)
        return [(f.__name__, None) for f in self.once] + [
            (f.__name__, seed) for seed, f in by_seed
        ]

    def function(self, name: str) -> Callable:
        """Return the measurement of a name."""
        return next(f for f in (*self.once, *self.by_seed) if f.__name__ == name)

    def code(self, name: str, preset: str) -> str:
        """Return a fingerprint of all that a measurement depends on.

        Its own code and that of what it is given, the bytes of the data, the preset.
        """
        parts = [fingerprint(self.function(name)), preset]
        parts += provenance.hashes(self.data).values()
        return sha256(" ".join(parts).encode()).hexdigest()[:16]


def run(
    experiment: Experiment,
    *,
    preset: str = "cpu",
    seeds: int | None = None,
    again: bool = False,
    say: Callable[[str], None] = print,
) -> dict:
    """Return an experiment's record, measuring only what is out of date.

    Each measurement is kept as it ends, so whoever is interrupted goes on from there.
    A finished record replaces the one that is there unless that is better documented.

    Args:
        experiment: What to run.
        preset: One of the experiment's presets.
        seeds: Seeds 0, 1, ... to run; the experiment's own number by default.
        again: Measure all of it anew, up to date or not; if that is interrupted, the
            next run goes on with it.
        say: Receives a line on each step.

    Raises:
        ValueError: There is no such preset, or `seeds` is below 1.
        RecordError: A record that is there is damaged.
        FieldDataError: Data cannot be had.
    """
    name = experiment.record_name(preset)
    wanted = _wanted(experiment, preset, seeds)
    old = records.load(name) if name in records.names() else None
    kept, anew = read_work(name)
    if again and not anew:
        kept, anew = {}, True
    done = _up_to_date(wanted, kept)
    if not anew:
        done |= _up_to_date(wanted, parts_of(old))
    missing = [key for key in wanted if key not in done]
    if missing:
        keep_work(name, kept, anew)
    inputs = _Inputs(sys.modules[experiment.once[0].__module__], preset)
    for place, key in enumerate(missing, 1):
        say(f"{name}: {place} of {len(missing)}, {_words(key)}{_last_time(old, key)}")
        done[key] = _measure(inputs, experiment.function(key[0]), key, wanted[key])
        kept[key] = done[key]
        keep_work(name, kept, anew)
        say(f"{name}: {_words(key)} took {done[key].entry['seconds']:,.1f} s")
    record = assemble(
        {"name": name, "world": experiment.world, "preset": preset},
        {key: done[key] for key in wanted},
        experiment.data,
    )
    _settle(record, old, say)
    return record


def out_of_date(
    experiment: Experiment, preset: str = "cpu", seeds: int | None = None
) -> list[str]:
    """Return the measurements that are missing or were made by other code or data.

    Raises:
        ValueError: As `run`.
    """
    name = experiment.record_name(preset)
    wanted = _wanted(experiment, preset, seeds)
    old = records.load(name) if name in records.names() else None
    done = _up_to_date(wanted, parts_of(old))
    return [_words(key) for key in wanted if key not in done]


class _Inputs:
    """What measurements are given by name: each function's value, computed once."""

    def __init__(self, module: ModuleType, preset: str):
        self.module = module
        self.values = {"preset": preset}

    def call(self, function: Callable, **given: Any) -> Any:
        """Return what a function returns, its other parameters looked up by name."""
        wanted = inspect.signature(function).parameters
        found = {p: given[p] if p in given else self.value(p) for p in wanted}
        return function(**found)

    def value(self, name: str) -> Any:
        """Return what the module's function of a name returns."""
        if name not in self.values:
            if not hasattr(self.module, name):
                raise ValueError(f"{self.module.__name__} has no function {name!r}")
            self.values[name] = self.call(getattr(self.module, name))
        return self.values[name]


def _measure(inputs: _Inputs, function: Callable, key: Key, code: str) -> Measured:
    began, date = time.perf_counter(), datetime.now(UTC)
    seed = {} if key[1] is None else {"seed": key[1]}
    result = records.plain(inputs.call(function, **seed), function.__name__)
    entry = {
        "date": date.isoformat(timespec="seconds"),
        "seconds": round(time.perf_counter() - began, 2),
        "code": code,
        "machine": provenance.machine(),
    }
    return Measured(result, entry)


def _wanted(experiment: Experiment, preset: str, seeds: int | None) -> dict[Key, str]:
    """Return the fingerprint that each measurement should have."""
    keys = experiment.keys(experiment.seeds if seeds is None else seeds)
    return {key: experiment.code(key[0], preset) for key in keys}


def _up_to_date(
    wanted: Mapping[Key, str], parts: Mapping[Key, Measured]
) -> dict[Key, Measured]:
    return {
        key: parts[key]
        for key, code in wanted.items()
        if key in parts and parts[key].entry["code"] == code
    }


def _settle(
    record: Mapping[str, Any], old: Mapping[str, Any] | None, say: Callable
) -> None:
    """Save a record unless the old one holds as much and is as well documented."""
    name = record["name"]
    reason = worse(record, old)
    if old and measurements(record) == measurements(old) and not worse(old, record):
        say(f"{name}: up to date")
    elif reason:
        say(f"{name}: the record stays as it was, since {reason}")
        return  # what was measured is kept
    else:
        records.save(record)
        say(f"{name}: saved {name}.json")
    work_file(name).unlink(missing_ok=True)


def _words(key: Key) -> str:
    return key[0] if key[1] is None else f"{key[0]}, seed {key[1]}"


def _last_time(old: Mapping[str, Any] | None, key: Key) -> str:
    part = parts_of(old).get(key)
    return f" ({part.entry['seconds']:,.0f} s last time)" if part else ""
