"""Provenance: the commit, and whether the code is really the commit's."""

import json
import os
import platform
import re
import shutil
import socket
import subprocess
from pathlib import Path

import numpy as np
import pytest

import companion
from companion.records import provenance


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A package inside a git repository; returns a function that calls git."""
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
    package = tmp_path / "src" / "package"
    (package / "records").mkdir(parents=True)
    (package / "field").mkdir()
    for file in "records/__init__.py", "field/registry.json", "code.py":
        (package / file).write_text("")
    (package / "records" / "old.json").write_text("{}")
    monkeypatch.setattr(provenance, "PACKAGE", package)
    return git


def commit(git):
    git("add", "--all")
    git("commit", "-q", "-m", "x")
    return git("rev-parse", "HEAD")


def test_a_clean_checkout_names_its_commit(checkout):
    made = commit(checkout)
    found = provenance.companion()
    assert found == {"version": found["version"], "commit": made, "changed": False}
    assert re.match(r"\d+\.\d+", found["version"])


def write(path):
    path.write_text("changed")


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("code.py", write),
        ("code.py", Path.unlink),
        ("new.py", write),
        ("field/registry.json", write),
        ("records/__init__.py", write),
        ("other/tool.toml", write),
    ],
)
def test_a_file_changed_new_or_gone_is_told(file, change, checkout):
    commit(checkout)
    path = provenance.PACKAGE / file
    path.parent.mkdir(exist_ok=True)
    change(path)
    assert provenance.companion()["changed"] is True


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("records/new.json", write),
        ("records/old.json", write),
        ("records/old.json", Path.unlink),
        ("records/claims.toml", write),
        ("../../notebook.ipynb", write),
    ],
)
def test_records_claims_and_what_is_no_code_are_no_change(file, change, checkout):
    commit(checkout)
    change(provenance.PACKAGE / file)
    assert provenance.companion()["changed"] is False


def test_a_change_that_is_staged_counts_too(checkout):
    commit(checkout)
    (provenance.PACKAGE / "code.py").write_text("changed")
    checkout("add", "--all")
    assert provenance.companion()["changed"] is True


def test_a_package_that_git_does_not_track_takes_no_commit(checkout):
    # As when it is installed into an environment inside another checkout.
    checkout("commit", "-q", "--allow-empty", "-m", "x")
    found = provenance.companion()
    assert (found["commit"], found["changed"]) == (None, None)


def test_without_git_there_is_no_commit(monkeypatch):
    monkeypatch.setenv("PATH", "")
    found = provenance.companion()
    assert (found["commit"], found["changed"]) == (None, None)


def test_where_git_cannot_say_what_changed_it_counts_as_changed(monkeypatch):
    answers = {"ls-files": "records/__init__.py", "rev-parse": "c" * 40}
    monkeypatch.setattr(provenance, "_git", lambda first, *_: answers.get(first))
    assert provenance.companion()["changed"] is True


def test_a_machine_is_its_platform_cores_and_versions():
    found = provenance.machine()
    assert found["platform"] == f"{platform.system()} {platform.machine()}"
    assert found["device"]["kind"] == "cpu"
    assert 1 <= found["device"]["cores"] <= os.cpu_count()
    assert found["versions"]["python"] == platform.python_version()
    assert found["versions"]["numpy"] == np.__version__


def test_the_package_of_this_book_is_the_one_that_is_asked():
    assert Path(companion.__file__).parent == provenance.PACKAGE


def test_neither_host_nor_folder_enters_the_provenance():
    text = json.dumps([provenance.companion(), provenance.machine()])
    assert not re.search(rf"\b{re.escape(socket.gethostname())}\b", text)
    assert str(provenance.PACKAGE) not in text
    assert str(Path.cwd()) not in text


def test_a_folder_of_the_package_is_told_by_all_its_files(tmp_path, monkeypatch):
    monkeypatch.setattr(provenance, "PACKAGE", tmp_path)
    words = tmp_path / "words"
    words.mkdir()
    seen = set()
    for name, text in [("a.toml", "x = 1"), ("b.toml", ""), ("a.toml", "x = 2")]:
        (words / name).write_text(text)
        seen.add(provenance.hashes(["words"])["words"])
    assert len(seen) == 3


def test_data_that_are_neither_registered_nor_a_folder_are_refused():
    with pytest.raises(ValueError, match="no data set 'none.zip' in the registry"):
        provenance.hashes(["none.zip"])
