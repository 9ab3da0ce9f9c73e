"""Running an experiment: only what is out of date is measured, and nothing is lost."""

import importlib
import itertools
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from companion import records
from companion.experiments import (
    EXPERIMENTS,
    Experiment,
    fingerprint,
    out_of_date,
    parts,
    run,
)
from companion.records import RecordError, provenance

NUMBERS = itertools.count()  # a module of a new name for each test

# Each function notes in a file that it was called; `drawn` waits for one to go.
LAB = """\
import time
from pathlib import Path

from companion.experiments import Experiment

FOLDER = Path({folder!r})


def note(word):
    with (FOLDER / "log").open("a") as log:
        log.write(word + "\\n")


def text():
    note("text")
    return [3, 1, 2]


def largest(text):
    note("largest")
    return max(text)


def never():
    note("never")


def settings(preset):
    note("settings")
    return {{"preset": preset}}


def length(text):
    note("length")
    return len(text)


def drawn(text, seed):
    note(f"drawn {{seed}}")
    while seed == 1 and (FOLDER / "wait").exists():
        time.sleep(0.01)
    if seed == 1 and (FOLDER / "fail").exists():
        raise OSError("no more ink")
    return {{"n = 1": text[seed % 3] + 10 * seed}}


def scaled(largest, seed):
    note(f"scaled {{seed}}")
    return largest * seed


LAB = Experiment(
    name="tiny",
    world="lab",
    data=("brown/brown.zip",),
    once=(settings, length),
    by_seed=(drawn, scaled),
    presets=("cpu", "gpu"),
)
"""
ONCE = ["settings", "length"]
ALL = [*ONCE, "drawn 0", "scaled 0", "drawn 1", "scaled 1", "drawn 2", "scaled 2"]


class Lab:
    """An experiment in a module of its own that can be rewritten, and its folders."""

    def __init__(self, folder):
        self.folder = folder
        self.module = f"measured_{next(NUMBERS)}"
        self.sha = "1" * 64
        self.code = {"version": "0.1.0", "commit": "a" * 40, "changed": False}
        self.said = []
        self.path = folder / f"{self.module}.py"
        self.path.write_text(LAB.format(folder=str(folder)))

    @property
    def experiment(self) -> Experiment:
        if self.module not in sys.modules:
            importlib.invalidate_caches()
            fingerprint._definitions.cache_clear()
            fingerprint._fingerprint.cache_clear()
        return importlib.import_module(self.module).LAB

    def change(self, old, new):
        """Rewrite the module, and forget it as a new process would."""
        text = self.path.read_text()
        assert text.count(old) == 1
        self.path.write_text(text.replace(old, new))
        sys.modules.pop(self.module, None)

    def run(self, **options):
        self.said.clear()
        return run(self.experiment, say=self.said.append, **options)

    def measured(self, inputs=False):
        """Return what was measured since the last time, in order."""
        log = self.folder / "log"
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return [line for line in lines if inputs or line not in ("text", "largest")]


@pytest.fixture
def lab(tmp_path, monkeypatch):
    made = Lab(tmp_path)
    (tmp_path / "records").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(records, "FOLDER", tmp_path / "records")
    monkeypatch.setenv("COMPANION_DATA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(provenance, "companion", lambda: dict(made.code))
    monkeypatch.setattr(provenance, "registered_file", lambda _: {"sha256": made.sha})
    yield made
    sys.modules.pop(made.module, None)
    fingerprint._definitions.cache_clear()
    fingerprint._fingerprint.cache_clear()


# One run


def test_a_run_measures_everything_once_and_computes_inputs_when_first_asked(lab):
    lab.run()
    assert lab.measured(inputs=True) == [
        "settings",
        "text",
        "length",
        "drawn 0",
        "largest",
        *ALL[3:],
    ]


def test_a_record_holds_results_by_seed_in_order(lab):
    record = lab.run()
    assert record["name"] == "tiny"
    assert (record["world"], record["preset"]) == ("lab", "cpu")
    assert record["seeds"] == [0, 1, 2]
    assert record["settings"] == {"preset": "cpu"}
    assert record["results"] == {
        "length": 3,
        # text 3 1 2: 3 + 0, 1 + 10, 2 + 20
        "drawn": [{"n = 1": 3}, {"n = 1": 11}, {"n = 1": 22}],
        "scaled": [0, 3, 6],
    }
    assert records.load("tiny") == record


def test_a_record_says_where_each_number_comes_from(lab):
    about = lab.run()["provenance"]
    assert about["companion"] == lab.code
    assert about["data"] == {"brown/brown.zip": lab.sha}
    assert about["machines"] == [provenance.machine()]
    measured = about["measurements"]
    assert set(measured) == {"settings", "length", "drawn", "scaled"}
    assert [len(measured[name]) for name in ("drawn", "scaled")] == [3, 3]
    one = measured["drawn"][2]
    assert set(one) == {"date", "seconds", "code", "machine"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", one["date"])
    assert one["code"] == lab.experiment.code("drawn", "cpu")
    assert one["machine"] == 0


def test_seconds_are_those_of_the_measurement(lab):
    lab.change("    return len(text)", "    time.sleep(0.2)\n    return len(text)")
    measured = lab.run()["provenance"]["measurements"]
    assert 0.2 <= measured["length"]["seconds"] < 2
    assert measured["drawn"][0]["seconds"] < 0.2


def test_each_step_is_told_and_the_second_time_how_long_it_took(lab):
    lab.run()
    assert lab.said[0] == "tiny: 1 of 8, settings"
    assert lab.said[-3].startswith("tiny: 8 of 8, scaled, seed 2")
    assert re.fullmatch(r"tiny: scaled, seed 2 took \d\.\d s", lab.said[-2])
    assert lab.said[-1] == "tiny: saved tiny.json"
    lab.run(again=True)
    assert lab.said[0] == "tiny: 1 of 8, settings (0 s last time)"


def test_a_preset_is_passed_on_and_names_the_record(lab):
    record = lab.run(preset="gpu")
    assert record["name"] == "tiny_gpu"
    assert record["preset"] == "gpu"
    assert record["settings"] == {"preset": "gpu"}
    assert records.names() == ["tiny_gpu"]
    # Another preset is another measurement, even where its code never asks for it.
    assert lab.experiment.code("length", "gpu") != lab.experiment.code("length", "cpu")


def test_an_unknown_preset_is_refused_with_those_there_are(lab):
    for ask in run, out_of_date:
        with pytest.raises(ValueError, match="no preset 'tpu', only: cpu, gpu"):
            ask(lab.experiment, preset="tpu")


@pytest.mark.parametrize("seeds", [0, -1])
def test_a_run_without_a_seed_is_refused(seeds, lab):
    for ask in run, out_of_date:
        with pytest.raises(ValueError, match=f"1 seed or more, not {seeds}"):
            ask(lab.experiment, seeds=seeds)
    assert lab.measured() == []


def test_one_seed_is_enough_to_run(lab):
    assert lab.run(seeds=1)["results"]["scaled"] == [0]


def test_a_result_that_is_nan_is_refused_by_name(lab):
    lab.change("return len(text)", 'return {"a": float("nan")}')
    with pytest.raises(RecordError, match=r"length\['a'\] is NaN"):
        lab.run()


# What is out of date


def test_a_second_run_measures_nothing_and_leaves_the_file(lab):
    first = lab.run()
    lab.measured()
    before = (records.FOLDER / "tiny.json").stat()
    assert lab.run() == first
    assert lab.measured(inputs=True) == []
    assert lab.said == ["tiny: up to date"]
    after = (records.FOLDER / "tiny.json").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_only_a_measurement_whose_code_changed_is_measured_again(lab):
    old = lab.run()
    lab.measured()
    lab.change("return largest * seed", "return largest * seed + 1")
    stale = ["scaled, seed 0", "scaled, seed 1", "scaled, seed 2"]
    assert out_of_date(lab.experiment) == stale
    new = lab.run()
    assert lab.measured(inputs=True) == [
        "text",
        "largest",
        "scaled 0",
        "scaled 1",
        "scaled 2",
    ]
    assert new["results"] == old["results"] | {"scaled": [1, 4, 7]}
    assert out_of_date(lab.experiment) == []
    kept, made = (r["provenance"]["measurements"] for r in (old, new))
    assert made["drawn"] == kept["drawn"]
    assert made["scaled"][0]["code"] != kept["scaled"][0]["code"]


def test_a_changed_input_puts_out_of_date_what_is_given_it(lab):
    lab.run()
    lab.measured()
    lab.change("return [3, 1, 2]", "return [4, 1, 2]")
    lab.run()
    assert lab.measured() == ALL[1:]  # settings is given no text
    assert lab.run()["results"]["scaled"] == [0, 4, 8]


def test_a_changed_comment_puts_nothing_out_of_date(lab):
    lab.run()
    lab.measured()
    lab.change("def length(text):", "def length(text):\n    # How long it is.")
    assert out_of_date(lab.experiment) == []
    lab.run()
    assert lab.measured() == []


def test_other_data_put_everything_out_of_date(lab):
    lab.run()
    lab.measured()
    lab.sha = "2" * 64
    assert len(out_of_date(lab.experiment)) == len(ALL)
    record = lab.run()
    assert lab.measured() == ALL
    assert record["provenance"]["data"] == {"brown/brown.zip": "2" * 64}


def test_more_seeds_later_measure_the_new_ones_alone(lab):
    lab.run(seeds=2)
    lab.measured()
    assert out_of_date(lab.experiment) == ["drawn, seed 2", "scaled, seed 2"]
    record = lab.run(seeds=4)
    assert lab.measured() == ["drawn 2", "scaled 2", "drawn 3", "scaled 3"]
    assert record["seeds"] == [0, 1, 2, 3]
    assert record["results"]["scaled"] == [0, 3, 6, 9]


def test_again_measures_what_is_up_to_date_too(lab):
    lab.run()
    lab.measured()
    lab.run(again=True)
    assert lab.measured() == ALL
    assert "tiny: 8 of 8, scaled, seed 2 (0 s last time)" in lab.said


def test_what_was_never_recorded_is_out_of_date(lab):
    expected = [re.sub(r" (\d)", r", seed \1", one) for one in ALL]
    assert out_of_date(lab.experiment) == expected
    assert lab.measured() == []


def test_a_measurement_that_is_new_is_measured_alone(lab):
    lab.run()
    lab.measured()
    lab.change("once=(settings, length)", "once=(settings, length, never)")
    assert out_of_date(lab.experiment) == ["never"]
    assert lab.run()["results"]["never"] is None
    assert lab.measured() == ["never"]


# Interruptions


def test_an_error_in_the_middle_keeps_what_was_measured(lab):
    (lab.folder / "fail").touch()
    with pytest.raises(OSError, match="no more ink"):
        lab.run()
    assert lab.measured() == ALL[:5]
    assert records.names() == []
    (lab.folder / "fail").unlink()
    record = lab.run()
    assert lab.measured() == ALL[4:]
    assert lab.said[0] == "tiny: 1 of 4, drawn, seed 1"
    assert record["results"]["scaled"] == [0, 3, 6]
    assert list((lab.folder / "cache" / "runs").iterdir()) == []


def test_what_was_kept_counts_only_while_its_code_is_the_same(lab):
    (lab.folder / "fail").touch()
    with pytest.raises(OSError, match="no more ink"):
        lab.run()
    lab.measured()
    (lab.folder / "fail").unlink()
    lab.change("return len(text)", "return -len(text)")
    record = lab.run()
    assert lab.measured() == ["length", *ALL[4:]]
    assert record["results"]["length"] == -3


def test_an_interrupted_run_anew_is_gone_on_with_and_mixed_with_nothing_old(lab):
    lab.run()
    (lab.folder / "fail").touch()
    with pytest.raises(OSError, match="no more ink"):
        lab.run(again=True)
    (lab.folder / "fail").unlink()
    kept, anew = parts.read_work("tiny")
    assert anew
    assert set(kept) == {(n, None) for n in ONCE} | {("drawn", 0), ("scaled", 0)}
    # As if the second time had come out otherwise.
    kept["length", None] = parts.Measured(4, kept["length", None].entry)
    parts.keep_work("tiny", kept, anew)
    before = lab.measured()
    assert lab.run()["results"]["length"] == 4
    # All that the record has of old is measured again, save what was kept.
    assert len(lab.measured()) == len(ALL) - len(kept)
    assert before
    assert records.load("tiny")["results"]["length"] == 4
    assert parts.read_work("tiny") == ({}, False)
    lab.run()
    assert lab.measured() == []


PROCESS = """
import sys
from pathlib import Path

from companion import experiments, records

records.FOLDER = Path("records")
sys.path.insert(0, ".")
module = __import__(sys.argv[1])
experiments.run(module.LAB)
"""


def test_a_process_that_is_killed_loses_nothing_and_runs_nothing_twice(lab):
    (lab.folder / "wait").touch()
    command = [sys.executable, "-c", PROCESS, lab.module]
    log = lab.folder / "log"
    process = subprocess.Popen(command, cwd=lab.folder, env=os.environ)
    try:
        deadline = time.monotonic() + 30
        while not (log.exists() and "drawn 1\n" in log.read_text()):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        process.kill()
    assert process.wait() == -signal.SIGKILL
    assert not (lab.folder / "records" / "tiny.json").exists()
    (lab.folder / "wait").unlink()
    subprocess.run(command, cwd=lab.folder, check=True, capture_output=True)
    # Only the measurement that was killed stands there twice.
    assert lab.measured() == [*ALL[:5], *ALL[4:]]
    record = records.load("tiny")
    assert record["results"]["scaled"] == [0, 3, 6]
    assert record["results"]["drawn"] == [{"n = 1": n} for n in (3, 11, 22)]
    assert record["provenance"]["machines"][0]["versions"]["python"]
    assert list((lab.folder / "cache" / "runs").iterdir()) == []


def test_a_seed_that_is_measured_last_stands_in_its_place(lab):
    record = lab.run()
    kept = parts.parts_of(record)
    del kept["drawn", 1]
    parts.keep_work("tiny", kept, False)
    (records.FOLDER / "tiny.json").unlink()
    lab.measured()
    again = lab.run()
    assert lab.measured() == ["drawn 1"]
    assert again["results"] == record["results"]
    assert [*again["results"]] == [*record["results"]]


@pytest.mark.parametrize("damage", [lambda t: t[:50], lambda t: t.replace("0", "1")])
def test_a_damaged_work_file_is_told_with_its_place(damage, lab):
    (lab.folder / "fail").touch()
    with pytest.raises(OSError, match="no more ink"):
        lab.run()
    path = lab.folder / "cache" / "runs" / "tiny.json"
    path.write_text(damage(path.read_text()))
    match = rf"interrupted run of tiny is damaged; delete {re.escape(str(path))}"
    with pytest.raises(RecordError, match=match):
        lab.run()


def test_a_damaged_record_is_not_measured_over(lab):
    lab.run()
    lab.measured()
    path = records.FOLDER / "tiny.json"
    path.write_text(path.read_text().replace("22", "23"))
    for ask in run, out_of_date:
        with pytest.raises(RecordError, match="its digest does not fit"):
            ask(lab.experiment)
    assert lab.measured() == []


# Which record stays


@pytest.mark.parametrize(
    "worse",
    [{"commit": None, "changed": None}, {"changed": True}],
    ids=["no commit", "changed"],
)
def test_a_record_stays_until_one_as_well_documented_comes(worse, lab):
    good = lab.run()
    lab.measured()
    lab.change("return len(text)", "return -len(text)")
    clean, lab.code = lab.code, lab.code | worse
    assert lab.run()["results"]["length"] == -3
    assert lab.said[-1] == (
        "tiny: the record stays as it was, since the code differs from its commit, "
        "or has none; commit and run again"
    )
    assert records.load("tiny") == good
    assert lab.measured() == ["length"]
    # Committed, it is saved without being measured again.
    lab.code = clean | {"commit": "b" * 40}
    record = lab.run()
    assert lab.measured() == []
    assert lab.said == ["tiny: saved tiny.json"]
    assert records.load("tiny") == record
    assert record["results"]["length"] == -3
    assert record["provenance"]["companion"]["commit"] == "b" * 40


def test_a_badly_documented_record_is_replaced_once_the_code_is_committed(lab):
    clean, lab.code = lab.code, lab.code | {"changed": True}
    lab.run()
    assert lab.said[-1] == "tiny: saved tiny.json"  # better than none
    lab.measured()
    lab.run()
    assert lab.said == ["tiny: up to date"]
    lab.code = clean
    lab.run()
    assert lab.measured() == []
    assert lab.said == ["tiny: saved tiny.json"]
    assert records.load("tiny")["provenance"]["companion"] == clean


def test_another_commit_alone_is_no_reason_to_write_a_record(lab):
    lab.run()
    lab.code = lab.code | {"commit": "b" * 40}
    lab.run()
    assert lab.said == ["tiny: up to date"]
    assert records.load("tiny")["provenance"]["companion"]["commit"] == "a" * 40


def test_a_record_of_fewer_seeds_replaces_none_of_more(lab):
    lab.run(seeds=3)
    assert lab.run(seeds=2)["seeds"] == [0, 1]
    assert lab.said == [
        "tiny: the record stays as it was, since it has 3 seeds; ask for as many"
    ]
    assert records.load("tiny")["seeds"] == [0, 1, 2]


def test_a_measurement_that_was_given_up_leaves_the_record(lab):
    lab.run()
    lab.change("once=(settings, length)", "once=(settings,)")
    lab.run()
    assert lab.said == ["tiny: saved tiny.json"]
    assert "length" not in records.load("tiny")["results"]


def test_an_input_that_no_function_gives_is_refused_by_name(lab):
    lab.change("def length(", "def length(nonsense, ")
    with pytest.raises(ValueError, match="has no function 'nonsense'"):
        lab.run()


# Part by part


def test_a_record_taken_apart_and_put_together_is_the_same(lab):
    record = lab.run()
    about = {key: record[key] for key in ("name", "world", "preset")}
    pieces = parts.parts_of(record)
    assert len(pieces) == len(ALL)
    assert parts.assemble(about, pieces, ["brown/brown.zip"]) == record
    assert parts.parts_of(None) == {}


def test_each_machine_stands_once_and_each_number_names_its_own(lab, monkeypatch):
    lab.run(seeds=1)
    first = provenance.machine()
    other = first | {"platform": "Other"}
    monkeypatch.setattr(provenance, "machine", lambda: other)
    record = lab.run(seeds=2)
    about = record["provenance"]
    assert about["machines"] == [first, other]
    assert [entry["machine"] for entry in about["measurements"]["drawn"]] == [0, 1]
    taken = parts.parts_of(record)
    assert taken["drawn", 0].entry["machine"] == first
    assert taken["drawn", 1].entry["machine"] == other


def test_what_is_kept_comes_back_as_it_was(lab):
    entry = {"date": "2026-01-01T00:00:00+00:00", "seconds": 1.0, "code": "c"}
    kept = {
        ("length", None): parts.Measured(float("inf"), entry),
        ("drawn", 0): parts.Measured({"n = 1": [1, 2.5]}, entry),
    }
    assert parts.read_work("tiny") == ({}, False)
    parts.keep_work("tiny", kept, True)
    assert parts.read_work("tiny") == (kept, True)
    assert parts.work_file("tiny") == lab.folder / "cache" / "runs" / "tiny.json"


def test_what_is_measured_in_the_lab_depends_on_the_lexicon():
    # Code alone does not say so: a record would outlive a change of its words.
    lab = [one for one in EXPERIMENTS.values() if one.world == "lab"]
    assert lab
    assert all("lab/lexicon" in one.data for one in lab)


@pytest.mark.parametrize("name", sorted(EXPERIMENTS))
def test_every_committed_record_was_made_by_the_code_that_is_there(name):
    # After a change that a record depends on: `companion run`, and commit the record.
    assert out_of_date(EXPERIMENTS[name]) == []
