"""Records: written whole, read back the same, and refused once they were edited."""

import copy
import json
import math
import os
import re
import socket
from pathlib import Path

import numpy as np
import pytest

from companion import records
from companion.records import RecordError, provenance

MACHINE = {
    "platform": "Linux x86_64",
    "device": {"kind": "cpu", "cores": 2},
    "versions": {"python": "3.11.7"},
}


def entry(seconds=1.0, day="2026-01-02", machine=0):
    return {
        "date": f"{day}T03:04:05+00:00",
        "seconds": seconds,
        "code": "0123456789abcdef",
        "machine": machine,
    }


def make(name="tiny", results=None, seeds=(), by_seed=(), **others):
    """Return a record; the results named in `by_seed` have an entry for each seed."""
    results = {"perplexity": [2.5, math.inf]} if results is None else results
    measured = {key: entry() for key in ("settings", *results)}
    measured |= {key: [entry() for _ in seeds] for key in by_seed}
    return {
        "name": name,
        "world": "lab",
        "preset": "cpu",
        "seeds": list(seeds),
        "settings": {"orders": [1, 2]},
        "results": results,
        "provenance": {
            "companion": {"version": "0.1.0", "commit": "c" * 40, "changed": False},
            "data": {},
            "machines": [MACHINE],
            "measurements": measured,
        },
    } | others


# There and back


def test_what_is_saved_loads_as_it_was(tmp_path):
    results = {"finite": 1.5, "never": -math.inf, "n": {"1": [math.inf, 0.1, 1e-300]}}
    original = make(results=results)
    records.save(original, tmp_path)
    assert records.load("tiny", tmp_path) == original


def test_infinity_is_written_as_text_and_the_file_is_strict_json(tmp_path):
    path = records.save(make(), tmp_path)

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    written = json.loads(path.read_text(), parse_constant=refuse)
    assert written["results"]["perplexity"] == [2.5, "inf"]


def test_a_list_of_numbers_stands_on_one_line_and_texts_stay_as_they_are(tmp_path):
    # numpy prints a row with two spaces between some numbers.
    original = make(results={"row": [1, -2.5, 1e-30], "text": "[0.5  1.   1.5]"})
    path = records.save(original, tmp_path)
    assert '  "row": [ 1, -2.5, 1e-30 ],\n' in path.read_text()
    assert records.load("tiny", tmp_path) == original


def test_the_file_keeps_the_order_of_the_record_and_ends_with_its_digest(tmp_path):
    text = records.save(make(), tmp_path).read_text()
    keys = re.findall(r'^ "(\w+)"', text, flags=re.MULTILINE)
    assert keys == [*make(), "digest"]
    assert text.endswith("}\n")


def test_numbers_of_numpy_become_plain_numbers():
    value = {"a": np.float64(0.5), "b": np.arange(3), 4: (np.int64(1), np.True_)}
    found = records.plain(value, "it")
    assert found == {"a": 0.5, "b": [0, 1, 2], "4": [1, True]}
    assert type(found["a"]) is float
    assert [type(item) for item in found["4"]] == [int, bool]


def test_others_may_read_the_file(tmp_path):
    path = records.save(make(), tmp_path)
    assert path.stat().st_mode & 0o777 == 0o644


def test_saving_replaces_an_older_record_and_leaves_nothing_else(tmp_path):
    records.save(make(results={"x": 1}), tmp_path)
    records.save(make(results={"x": 2}), tmp_path)
    assert records.load("tiny", tmp_path)["results"] == {"x": 2}
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.json"]


def test_a_save_that_fails_leaves_the_older_record(tmp_path, monkeypatch):
    records.save(make(results={"x": 1}), tmp_path)

    def full(*arguments):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="disk full"):
        records.save(make(results={"x": 2}), tmp_path)
    assert records.load("tiny", tmp_path)["results"] == {"x": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.json"]


def test_a_record_is_saved_and_loaded_beside_the_module_by_default(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    assert records.save(make()) == tmp_path / "tiny.json"
    assert records.load("tiny") == make()
    assert records.names() == ["tiny"]


# The digest


def numbers_in(value, at=()):
    """Yield the place of every number of a JSON value."""
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from numbers_in(item, (*at, key))
    elif isinstance(value, int | float):
        yield at


def changed(value, at, change):
    """Return a copy of a JSON value with `change` applied at one place."""
    value = copy.deepcopy(value)
    *path, last = at
    inner = value
    for key in path:
        inner = inner[key]
    change(inner, last)
    return value


def add_little(inner, key):
    was = inner[key]
    inner[key] = not was if isinstance(was, bool) else was + 1
    if isinstance(was, float):
        inner[key] = math.nextafter(was, math.inf)


def refused(content, folder, name="tiny"):
    (folder / f"{name}.json").write_text(json.dumps(content))
    with pytest.raises(RecordError, match="its digest does not fit"):
        records.load(name, folder)


def test_no_number_can_be_changed_by_hand(tmp_path):
    original = make(results={"x": [1, 2.5, math.inf], "n": {"a": {"b": 0.1}}, "s": 3})
    written = json.loads(records.save(original, tmp_path).read_text())
    places = list(numbers_in(written))
    # orders 2, x 2 (inf is text), b 1, s 1, changed 1, cores 1; four entries, each
    # with seconds and machine: 8
    assert len(places) == 2 + 2 + 1 + 1 + 1 + 1 + 8
    for at in places:
        refused(changed(written, at, add_little), tmp_path)


@pytest.mark.parametrize("value", ["inf", "-inf", 1e308, None])
def test_nor_can_infinity_be_put_in_or_taken_away(value, tmp_path):
    written = json.loads(records.save(make(), tmp_path).read_text())
    at = ("results", "perplexity", 0 if isinstance(value, str) else 1)

    def put(inner, key):
        inner[key] = value

    refused(changed(written, at, put), tmp_path)


def test_no_key_can_be_taken_away_or_added(tmp_path):
    written = json.loads(records.save(make(), tmp_path).read_text())
    for key in set(written) - {"digest"}:
        refused(changed(written, (key,), lambda inner, k: inner.pop(k)), tmp_path)
    for at in ("note",), ("results", "x"), ("provenance", "companion", "x"):
        refused(changed(written, at, lambda inner, k: inner.update({k: 1})), tmp_path)


def test_neither_an_integer_for_a_float_nor_another_order_of_a_list_passes(tmp_path):
    path = records.save(make(results={"x": [1.0, 2.0]}), tmp_path)
    written = json.loads(path.read_text())
    for row in [1, 2.0], [2.0, 1.0]:
        refused(written | {"results": {"x": row}}, tmp_path)


@pytest.mark.parametrize("name", records.names())
def test_no_result_of_the_books_records_can_be_changed_by_hand(name, tmp_path):
    written = json.loads((records.FOLDER / f"{name}.json").read_text())
    places = [at for at in numbers_in(written) if at[0] == "results"]
    rng = np.random.default_rng(0)
    for i in rng.choice(len(places), min(12, len(places)), replace=False):
        refused(changed(written, places[i], add_little), tmp_path, name)


@pytest.mark.parametrize("name", records.names())
def test_every_record_of_the_package_loads_and_describes_itself(name):
    record = records.load(name)
    assert record["name"] == name
    assert records.describe(record).startswith("recorded 20")


def test_a_file_that_was_only_laid_out_anew_still_loads(tmp_path):
    path = records.save(make(), tmp_path)
    written = json.loads(path.read_text())
    path.write_text(json.dumps(dict(reversed(written.items())), indent=8))
    assert records.load("tiny", tmp_path) == make()


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: "[1, 2]",
        lambda text: "null",
        lambda text: '{"name": "tiny"}',
        lambda text: text.replace("2.5", "NaN"),
        lambda text: text.replace("2.5", "-Infinity"),
    ],
    ids=["half", "empty", "list", "null", "no digest", "NaN", "Infinity"],
)
def test_a_damaged_file_says_so_and_how_to_get_it_back(damage, tmp_path):
    path = records.save(make(), tmp_path)
    path.write_text(damage(path.read_text()))
    with pytest.raises(RecordError, match=r"^tiny.json is damaged: .* from git"):
        records.load("tiny", tmp_path)


def test_a_record_under_another_name_does_not_hide_its_own(tmp_path):
    records.save(make(), tmp_path).rename(tmp_path / "other.json")
    with pytest.raises(RecordError, match="other.json is the record of 'tiny'"):
        records.load("other", tmp_path)


# What is refused


def test_nan_is_refused_where_it_stands(tmp_path):
    with pytest.raises(RecordError, match=r"record\['results'\]\['x'\]\[1\] is NaN"):
        records.save(make(results={"x": [1.0, math.nan]}), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_value_without_a_json_form_is_refused():
    with pytest.raises(RecordError, match=r"it\['seen'\] is a set; JSON has no form"):
        records.plain({"seen": {1, 2}}, "it")


def test_a_text_that_would_load_as_infinity_is_refused():
    with pytest.raises(RecordError, match="'-inf', which stands for infinity"):
        records.plain(["-inf"], "it")


def test_keys_that_would_become_one_are_refused():
    with pytest.raises(RecordError, match=r"two keys of the same text: \[1, '1'\]"):
        records.plain({1: 0.1, "1": 0.2}, "it")


@pytest.mark.parametrize("name", ["", "../up", "Brown", "a b", "1st", "a\n"])
def test_a_name_that_is_no_file_name_is_refused(name, tmp_path):
    with pytest.raises(RecordError, match=re.escape(f"not {name!r}")):
        records.save(make(name=name), tmp_path)


@pytest.mark.parametrize("part", [*make()])
def test_a_part_that_lacks_or_has_the_wrong_kind_is_named(part, tmp_path):
    without = make()
    del without[part]
    with pytest.raises(RecordError, match=rf"record\['{part}'\] is None; a \w+ is"):
        records.save(without, tmp_path)
    with pytest.raises(RecordError, match=rf"record\['{part}'\] is 1.5; a \w+ is"):
        records.save(make() | {part: 1.5}, tmp_path)


@pytest.mark.parametrize("part", [*make()["provenance"]])
def test_a_part_of_the_provenance_that_lacks_is_named(part, tmp_path):
    without = make()
    del without["provenance"][part]
    match = rf"record\['provenance'\]\['{part}'\] is None"
    with pytest.raises(RecordError, match=match):
        records.save(without, tmp_path)


def test_a_record_is_of_the_lab_or_of_the_field(tmp_path):
    records.save(make(world="field"), tmp_path)
    with pytest.raises(RecordError, match="world is 'moon', not lab or field"):
        records.save(make(world="moon"), tmp_path)


def test_a_result_without_provenance_is_refused_and_so_is_the_reverse(tmp_path):
    bare, empty = make(), make()
    bare["results"]["more"] = 1
    empty["provenance"]["measurements"]["less"] = entry()
    match = "result without provenance, or without result: "
    with pytest.raises(RecordError, match=f"{match}more$"):
        records.save(bare, tmp_path)
    with pytest.raises(RecordError, match=f"{match}less$"):
        records.save(empty, tmp_path)
    no_settings = make()
    del no_settings["provenance"]["measurements"]["settings"]
    with pytest.raises(RecordError, match=f"{match}settings$"):
        records.save(no_settings, tmp_path)


@pytest.mark.parametrize("result", [[1.0, 2.0], [1.0, 2.0, 3.0, 4.0], 1.0, {"a": 1}])
def test_a_result_has_one_number_for_each_seed(result, tmp_path):
    def made(result):
        return make(results={"x": result}, seeds=[0, 1, 2], by_seed=["x"])

    records.save(made([1.0, 2.0, 3.0]), tmp_path)
    match = r"'x' has not one result for each of \[0, 1, 2\]"
    with pytest.raises(RecordError, match=match):
        records.save(made(result), tmp_path)


def test_an_entry_for_each_seed_is_asked_for_too(tmp_path):
    made = make(results={"x": [1, 2, 3]}, seeds=[0, 1, 2], by_seed=["x"])
    made["provenance"]["measurements"]["x"].pop()
    with pytest.raises(RecordError, match="'x' has not one result for each"):
        records.save(made, tmp_path)
    made = make(results={"x": [1, 2, 3]}, seeds=[0, 1, 2], by_seed=["x"])
    with pytest.raises(RecordError, match=r"'x' has not one .* of \[0, 1\]"):
        records.save(made | {"seeds": [0, 1]}, tmp_path)
    settings = make(seeds=[0], by_seed=["settings"])
    with pytest.raises(RecordError, match="'settings' has not one result for each"):
        records.save(settings, tmp_path)


def test_what_is_incomplete_is_refused_on_loading_too(tmp_path):
    records.write(make(world="moon"), tmp_path / "tiny.json")
    with pytest.raises(RecordError, match="tiny.json: world is 'moon'"):
        records.load("tiny", tmp_path)


def test_an_unknown_record_is_refused_with_those_that_exist(tmp_path):
    records.save(make(name="second"), tmp_path)
    records.save(make(name="first"), tmp_path)
    with pytest.raises(
        RecordError, match="no record 'third'; there are: first, second"
    ):
        records.load("third", tmp_path)


def test_an_empty_folder_has_no_records(tmp_path):
    assert records.names(tmp_path) == []
    with pytest.raises(RecordError, match="there are: none"):
        records.load("any", tmp_path)


# In words


def test_a_description_adds_up_days_seconds_and_machines():
    made = make(results={"x": [1, 2]}, seeds=[0, 1], by_seed=["x"])
    measured = made["provenance"]["measurements"]
    measured["settings"] = entry(1_000, "2026-01-03")
    measured["x"] = [entry(500.4, "2026-01-01"), entry(0.2, "2026-01-04", machine=1)]
    other = {**MACHINE, "device": {"kind": "cpu", "cores": 1}}
    made["provenance"]["machines"] = [MACHINE, other, MACHINE]
    # 1000 + 500.4 + 0.2 = 1500.6 seconds
    assert records.describe(made) == (
        "recorded 2026-01-01 to 2026-01-04 in 1,501 s on 2 CPU cores and 1 CPU core, "
        "companion 0.1.0 (ccccccc)"
    )


def test_a_description_without_commit_names_the_version_alone():
    made = make()
    made["provenance"]["companion"]["commit"] = None
    assert records.describe(made) == (
        "recorded 2026-01-02 in 2 s on 2 CPU cores, companion 0.1.0"
    )


@pytest.mark.parametrize("name", records.names())
def test_neither_host_nor_folder_enters_a_record(name):
    text = (records.FOLDER / f"{name}.json").read_text()
    for place in (provenance.PACKAGE, Path.cwd(), Path.home()):
        assert f"{place}/" not in text
    assert not re.search(rf"\b{re.escape(socket.gethostname())}\b", text)
