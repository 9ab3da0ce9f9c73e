"""What all tests share."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("MPLBACKEND", "Agg")  # before anything imports pyplot

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(autouse=True)
def close_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def pytest_generate_tests(metafunc):
    """Run a test with the argument `notebook` once for each chapter."""
    if "notebook" in metafunc.fixturenames:
        paths = sorted((ROOT / "notebooks").glob("*.ipynb"))
        metafunc.parametrize("notebook", paths, ids=lambda p: p.stem, scope="module")
