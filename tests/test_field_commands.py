"""The `companion data` command."""

import hashlib
import importlib
import os

import pytest
from typer.testing import CliRunner

from companion import field
from companion.field import commands

# `companion.field.fetch` is the function; the module holds the registry.
fetching = importlib.import_module("companion.field.fetch")
runner = CliRunner()


def data_set(name, licence="CC BY 4.0", **contents):
    """Return a registry's entry; its only URL is dead."""
    files = [
        {
            "path": f"{name}/{file}.txt",
            "url": "http://127.0.0.1:1/dead",
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
        }
        for file, content in contents.items()
    ]
    return {
        "name": name,
        "licence": licence,
        "non_commercial": False,
        "chapters": [2, 3],
        "bytes": sum(file["bytes"] for file in files),
        "files": files,
    }


CONTENTS = {
    "letters": {"a": b"a" * 1_500_000, "b": b"b" * 2_000},
    "digits": {"one": b"1"},
}
SETS = {name: data_set(name, **contents) for name, contents in CONTENTS.items()}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch, only_this_machine):
    """Return a new cache; a mirror holds all files, and no other host is asked."""
    for name, contents in CONTENTS.items():
        for file, content in contents.items():
            path = tmp_path / "mirror" / name / f"{file}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    monkeypatch.setenv("COMPANION_DATA_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.setenv("COMPANION_DATA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(fetching, "registry", lambda: SETS)
    monkeypatch.setattr(commands, "registry", lambda: SETS)
    return tmp_path / "cache"


def run(*arguments):
    return runner.invoke(commands.app, arguments)


def test_list_says_size_files_in_the_cache_chapters_and_licence():
    field.fetch("letters/a.txt")
    result = run("list")
    assert result.exit_code == 0
    lines = [line.split() for line in result.output.splitlines()]
    assert ["letters", "1.5", "MB", "1/2", "2", "3", "CC", "BY", "4.0"] in lines
    assert ["digits", "0", "kB", "0/1", "2", "3", "CC", "BY", "4.0"] in lines


def test_the_list_of_the_whole_registry_fits_in_100_columns(monkeypatch):
    monkeypatch.setattr(commands, "registry", field.registry)
    lines = run("list").output.splitlines()
    assert len(lines) == 1 + 29 + 2
    assert max(map(len, lines)) <= 100
    [row] = [line for line in lines if line.startswith("multi30k_en_de")]
    assert "non-commercial" in row
    assert row.endswith("…")


def test_fetch_brings_the_files_of_each_name_given(cache):
    result = run("fetch", "digits", "letters", "digits")
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "digits: 1 of 1 files, 0 kB",
        "letters: 2 of 2 files, 1.5 MB",
        f"all files are in {cache}",
    ]
    assert set(field.verify(SETS).values()) == {"good"}


def test_fetch_all_brings_every_file():
    assert run("fetch", "--all").exit_code == 0
    assert set(field.verify(SETS).values()) == {"good"}


def test_one_file_that_fails_stops_no_other_and_is_named_at_the_end(tmp_path):
    (tmp_path / "mirror" / "letters" / "a.txt").write_bytes(b"<html>Log in</html>")
    result = run("fetch", "--all")
    assert result.exit_code == 1
    assert "letters: 1 of 2 files, 2 kB" in result.output
    assert "digits: 1 of 1 files" in result.output
    after = result.output.partition("error: files that could not be had (1):")[2]
    assert after.splitlines()[1] == "  letters/a.txt"
    assert "a web page of 19 bytes came" in after
    assert "all files are in" not in result.output
    assert field.verify(SETS) == {
        "letters/a.txt": "missing",
        "letters/b.txt": "good",
        "digits/one.txt": "good",
    }


def test_a_cache_that_cannot_be_written_ends_the_fetching_at_once(cache):
    cache.write_text("a file where the folder should be")
    result = run("fetch", "--all")
    assert result.exit_code == 1
    assert "letters: 0 of 2 files, 0 kB" in result.output
    assert "digits" not in result.output
    assert "files that could not be had (1):" in result.output
    assert "Set COMPANION_DATA_CACHE to a folder that you may write to" in result.output


@pytest.mark.parametrize("names", [["digits", "nonsense"], ["nonsense", "--all"]])
def test_an_unknown_name_ends_with_2_and_the_choices_and_fetches_nothing(cache, names):
    result = run("fetch", *names)
    assert result.exit_code == 2
    assert "no data set nonsense; choose from: digits, letters" in result.output
    assert "Traceback" not in result.output
    assert not cache.exists()


def test_fetch_without_a_name_ends_with_2_and_the_choices():
    result = run("fetch")
    assert result.exit_code == 2
    assert "no name, no --all; choose from: digits, letters" in result.output


def test_a_terminal_sees_how_far_a_data_set_is(monkeypatch):
    said = []
    monkeypatch.setattr(commands, "_live", said.append)
    run("fetch", "letters")
    assert said == [
        "letters: file 1 of 2, 0 kB of 1.5 MB",
        "letters: file 2 of 2, 1.5 MB of 1.5 MB",
        "",
    ]


def test_no_live_line_is_written_where_there_is_no_terminal():
    assert "\r" not in run("fetch", "letters").output


def test_verify_counts_good_damaged_and_missing_files(cache):
    run("fetch", "letters")
    result = run("verify")
    assert result.exit_code == 0
    assert "of 3 files: 2 good, 0 damaged, 0 unreadable, 1 not fetched" in result.output


def test_verify_names_damaged_files_says_how_to_mend_them_and_deletes_none(cache):
    run("fetch", "--all")
    damaged = cache / "letters" / "b.txt"
    damaged.write_bytes(b"B" + b"b" * 1_999)
    result = run("verify")
    assert result.exit_code == 1
    assert "2 good, 1 damaged" in result.output
    assert "  damaged: letters/b.txt" in result.output
    assert "  companion data fetch letters\n" in result.output
    assert damaged.read_bytes().startswith(b"B")
    assert run("fetch", "letters").exit_code == 0
    assert run("verify").exit_code == 0


def test_verify_tells_a_file_that_cannot_be_read_from_a_damaged_one(cache):
    run("fetch", "--all")
    path = cache / "digits" / "one.txt"
    path.unlink()
    path.mkdir()  # root may read every file, but nobody reads a folder as one
    result = run("verify")
    assert result.exit_code == 1
    assert "2 good, 0 damaged, 1 unreadable" in result.output
    assert "  unreadable: digits/one.txt" in result.output
    assert "COMPANION_DATA_CACHE" in result.output
    assert "companion data fetch" not in result.output


def test_the_commands_run_as_a_module(cache, root):
    import subprocess
    import sys

    command = [sys.executable, "-m", "companion.field.commands", "list"]
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ}, check=True
    )
    assert "brown" in done.stdout
    assert done.stderr == ""
