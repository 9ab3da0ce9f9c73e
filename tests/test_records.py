"""Records: results and provenance, written whole and read back the same."""

import json
import math
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from companion import field, records

BROWN = "brown/brown.zip"


def make(name="tiny", results=None, settings=None, data=(), started=None):
    return records.record(
        name,
        settings={"orders": [1, 2]} if settings is None else settings,
        results={"perplexity": [2.5, math.inf]} if results is None else results,
        data=data,
        started=time.time() if started is None else started,
    )


def test_a_record_says_where_its_numbers_come_from():
    provenance = make(data=[BROWN], started=time.time() - 3)["provenance"]
    assert set(provenance) == {
        "companion",
        "data",
        "date",
        "device",
        "platform",
        "versions",
        "wall_seconds",
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", provenance["date"])
    assert provenance["data"] == {
        BROWN: field.registry()["brown"]["files"][0]["sha256"]
    }
    assert provenance["versions"]["numpy"] == np.__version__
    assert provenance["device"]["kind"] == "cpu"
    assert provenance["device"]["cores"] >= 1
    assert provenance["wall_seconds"] >= 3


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A package in a git repository, committed; returns a function that calls git."""
    if shutil.which("git") is None:
        pytest.skip("needs git; install it to run this test")
    options = "user.name=x", "user.email=x@y", "commit.gpgsign=false"
    command = ["git", "-C", str(tmp_path)]
    command += [word for option in options for word in ("-c", option)]

    def git(*arguments):
        done = subprocess.run(
            [*command, *arguments], check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    git("init", "-q")
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "__init__.py").write_text("")
    (tmp_path / "registry.json").write_text("{}")
    monkeypatch.setattr(records, "PACKAGE", tmp_path)
    return git


def test_the_commit_is_named_and_a_changed_file_is_told(checkout):
    checkout("add", "--all")
    checkout("commit", "-q", "-m", "x")
    clean = make()["provenance"]["companion"]
    assert clean["commit"] == checkout("rev-parse", "HEAD")
    assert clean["changed"] is False
    # A record that was just written is no change of the code; the registry is.
    (records.PACKAGE / "records" / "tiny.json").write_text("{}")
    assert make()["provenance"]["companion"]["changed"] is False
    (records.PACKAGE / "registry.json").write_text("[]")
    assert make()["provenance"]["companion"]["changed"] is True


def test_a_package_that_git_does_not_track_takes_no_commit(checkout):
    # As when it is installed into an environment inside another checkout.
    checkout("commit", "-q", "--allow-empty", "-m", "x")
    assert make()["provenance"]["companion"]["commit"] is None


def test_what_is_saved_loads_as_it_was(tmp_path):
    original = make(results={"finite": 1.5, "never": -math.inf, "n": {"1": [math.inf]}})
    records.save(original, tmp_path)
    assert records.load("tiny", tmp_path) == original


def test_infinity_is_written_as_text_and_the_file_is_strict_json(tmp_path):
    path = records.save(make(), tmp_path)

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    written = json.loads(path.read_text(), parse_constant=refuse)
    assert written["results"]["perplexity"] == [2.5, "inf"]


def test_the_file_is_indented_by_one_and_its_keys_are_sorted(tmp_path):
    path = records.save(make(), tmp_path)
    text = path.read_text()
    assert path.name == "tiny.json"
    assert text.endswith("}\n")
    keys = re.findall(r'^ "(\w+)"', text, flags=re.MULTILINE)
    assert keys == ["name", "provenance", "results", "settings"]


def test_numbers_of_numpy_become_plain_numbers():
    results = {"a": np.float64(0.5), "b": np.arange(3), 4: (np.int64(1), np.True_)}
    found = make(results=results)["results"]
    assert found == {"a": 0.5, "b": [0, 1, 2], "4": [1, True]}
    assert type(found["a"]) is float
    assert type(found["4"][0]) is int


def test_saving_replaces_an_older_record_and_leaves_nothing_else(tmp_path):
    records.save(make(results={"x": 1}), tmp_path)
    records.save(make(results={"x": 2}), tmp_path)
    assert records.load("tiny", tmp_path)["results"] == {"x": 2}
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.json"]


def test_a_save_that_fails_leaves_the_older_record(tmp_path, monkeypatch):
    records.save(make(results={"x": 1}), tmp_path)

    def full(*arguments):
        raise OSError("disk full")

    monkeypatch.setattr(records.os, "replace", full)
    with pytest.raises(OSError, match="disk full"):
        records.save(make(results={"x": 2}), tmp_path)
    assert records.load("tiny", tmp_path)["results"] == {"x": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.json"]


def test_nan_is_refused_where_it_stands():
    with pytest.raises(ValueError, match=r"record\['results'\]\['x'\]\[1\] is NaN"):
        make(results={"x": [1.0, math.nan]})


def test_nan_put_in_later_is_refused_on_saving(tmp_path):
    made = make()
    made["results"]["x"] = math.nan
    with pytest.raises(ValueError, match="is NaN"):
        records.save(made, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_value_without_a_json_form_is_refused():
    with pytest.raises(ValueError, match=r"\['seen'\] is a set"):
        make(results={"seen": {1, 2}})


def test_neither_host_nor_folder_enters_the_provenance():
    text = json.dumps(make(data=[BROWN])["provenance"])
    assert not re.search(rf"\b{re.escape(socket.gethostname())}\b", text)
    assert str(records.PACKAGE) not in text
    assert str(Path.cwd()) not in text


def test_a_text_that_would_load_as_infinity_is_refused():
    with pytest.raises(ValueError, match="'inf', which stands for infinity"):
        make(results={"word": "inf"})


@pytest.mark.parametrize("name", ["", "../up", "Brown", "a b", None])
def test_a_name_that_is_no_file_name_is_refused(name):
    with pytest.raises(ValueError, match=re.escape(f"not {name!r}")):
        make(name=name)


def test_an_unregistered_file_is_refused():
    with pytest.raises(ValueError, match="no file 'brown/other.zip' in the registry"):
        make(data=["brown/other.zip"])


def test_a_clock_that_was_set_back_costs_no_record():
    made = make(started=time.time() + 1e6)
    assert made["provenance"]["wall_seconds"] == 0


def test_keys_that_would_become_one_are_refused():
    with pytest.raises(ValueError, match=r"two keys of the same text: \[1, '1'\]"):
        make(results={1: 0.1, "1": 0.2})


def test_an_unknown_record_is_refused_with_those_that_exist(tmp_path):
    records.save(make(name="first"), tmp_path)
    records.save(make(name="second"), tmp_path)
    with pytest.raises(ValueError, match="no record 'third'; there are: first, second"):
        records.load("third", tmp_path)


def test_an_empty_folder_has_no_records(tmp_path):
    assert records.names(tmp_path) == []
    with pytest.raises(ValueError, match="there are: none"):
        records.load("any", tmp_path)


def test_every_record_of_the_package_loads():
    for name in records.names():
        assert records.load(name)["name"] == name
