import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[1] / "tools/address.py"


@pytest.fixture(scope="module")
def address():
    spec = importlib.util.spec_from_file_location("address", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def copy(tmp_path, root):
    for name in ("pyproject.toml", "book/_config.yml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(root / name, tmp_path / name)
    pyproject = tmp_path / "pyproject.toml"
    lines = [
        line for line in pyproject.read_text().splitlines() if "github." not in line
    ]
    place = lines.index("[project.urls]") + 1
    lines[place:place] = [
        'Repository = "https://github.com/someone/a-book"',
        'Documentation = "https://someone.github.io/a-book"',
    ]
    pyproject.write_text("\n".join(lines))
    return tmp_path


def test_nothing_in_the_repository_holds_another_address_than_pyproject():
    result = subprocess.run(
        [sys.executable, TOOL, "--check"], capture_output=True, text=True
    )
    assert result.returncode == 0, f"run `make address`:\n{result.stdout}"


def test_a_new_address_makes_the_configuration_stale(address, copy):
    stale = address.stale_files(copy)
    assert (
        "url: https://github.com/someone/a-book\n" in stale[copy / "book/_config.yml"]
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("git+https://github.com/OWNER/old\n", "git+https://github.com/me/new\n"),
        (
            "colab.research.google.com/github/x/old/blob/main",
            "colab.research.google.com/github/me/new/blob/main",
        ),
        ("https://OWNER.github.io/old/", "https://me.github.io/new/"),
        ("github.com/OWNER/old-friend", "github.com/OWNER/old-friend"),
        ("github.com/someone/else", "github.com/someone/else"),
    ],
)
def test_only_addresses_of_this_project_are_rewritten(address, before, after):
    repository, pages = "https://github.com/me/new", "https://me.github.io/new"
    assert address.rewrite(before, repository, pages, {"old", "new"}) == after
