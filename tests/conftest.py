"""What all tests share."""

import hashlib
import os
import socket
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


@pytest.fixture
def only_this_machine(monkeypatch):
    """Fail every attempt to reach another machine; this one needs no proxy."""
    monkeypatch.setenv("no_proxy", "*")  # in small letters it wins over NO_PROXY
    connect = socket.socket.connect

    def guarded(self, address):
        assert address[0] == "127.0.0.1", f"a test reached for {address}"
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def registered(tmp_path, monkeypatch):
    """Return a function that registers a data set of tiny files, by path and bytes."""
    mirror = tmp_path / "mirror"
    monkeypatch.setenv("COMPANION_DATA_MIRROR", str(mirror))
    monkeypatch.setenv("COMPANION_DATA_CACHE", str(tmp_path / "cache"))

    def register(name, files, counts):
        entries = []
        for file, content in files.items():
            path = mirror / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            entries.append(
                {
                    "path": f"{name}/{file}",
                    "url": f"http://127.0.0.1:1/{file}",
                    "sha256": hashlib.sha256(content).hexdigest(),
                    "bytes": len(content),
                }
            )
        return {name: {"name": name, "files": entries, "counts": counts}}

    return register


def pytest_generate_tests(metafunc):
    """Run a test with the argument `notebook` once for each chapter."""
    if "notebook" in metafunc.fixturenames:
        paths = sorted((ROOT / "notebooks").glob("*.ipynb"))
        metafunc.parametrize("notebook", paths, ids=lambda p: p.stem, scope="module")
