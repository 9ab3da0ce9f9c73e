"""A chapter runs where nothing of the book is installed, as on Colab."""

import os
import shutil
import subprocess
import sys
from importlib.metadata import version

import pytest

pytestmark = pytest.mark.colab

RUN = """
import re, sys
import nbformat
from nbclient import NotebookClient

path, clone = sys.argv[1:]
notebook = nbformat.read(path, as_version=4)
first = next(cell for cell in notebook.cells if cell.cell_type == "code")
local = f"git+file://{clone}"
first.source, changed = re.subn(r"git\\+https://\\S+", local, first.source)
assert changed == 1, first.source
# Not the book's own environment: what is imported was installed by that cell.
notebook.cells.append(nbformat.v4.new_code_cell(
    "import companion, sys; assert companion.__file__.startswith(sys.prefix)"))
NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
"""


def git(*arguments, **options):
    return subprocess.run(["git", *arguments], check=True, **options)


@pytest.fixture(scope="module")
def clone(root, tmp_path_factory):
    """Return a repository that holds this working tree, committed."""
    if shutil.which("git") is None or not (root / ".git").exists():
        pytest.skip("needs git and a clone of the repository; run it in one")
    copy = tmp_path_factory.mktemp("clone")
    listed = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = git(*listed, cwd=root, capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, names):
        if (root / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, copy / name)
    settings = "user.name=test", "user.email=test@example.org", "commit.gpgsign=false"
    author = [word for setting in settings for word in ("-c", setting)]
    git("init", "--quiet", cwd=copy)
    git("add", "--all", cwd=copy)
    git(*author, "commit", "--quiet", "--message", "working tree", cwd=copy)
    return copy


@pytest.fixture(scope="module")
def fresh_python(tmp_path_factory):
    """Return the Python of an environment that has a kernel and torch, as Colab."""
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin/python"
    torch = f"torch=={version('torch').split('+')[0]}"  # without "+cpu"
    packages = ["ipykernel", "nbclient", torch]
    subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    return python


def test_only_the_first_cell_installs_the_companion_and_all_cells_run(
    notebook, clone, fresh_python, tmp_path
):
    # Nothing of this machine helps: no mirror, no cache of data, no path.
    ours = ("PYTHON", "JUPYTER", "COMPANION", "VIRTUAL_ENV")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    kept["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    result = subprocess.run(
        [fresh_python, "-c", RUN, notebook, clone],
        cwd=tmp_path,
        env=kept,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr[-4000:]
