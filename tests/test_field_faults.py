"""Public data when something is wrong: each fault ends in the right file or is told.

The servers here are real, on this machine; so are the processes, the read-only
folders and, once, the full disk.
"""

import contextlib
import errno
import hashlib
import http.server
import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pooch.downloaders
import pytest

from companion import field
from companion.field.faults import SourceFault

pytestmark = pytest.mark.usefixtures("only_this_machine")

# `companion.field.fetch` is the function; the module's constants are needed too.
fetching = importlib.import_module("companion.field.fetch")

CONTENT = bytes(range(256)) * 400
NAME = "toy/data.bin"
LOGIN = b"\n<!DOCTYPE html><title>Log in</title><p>Accept our terms to go on."


def whole(request, content=CONTENT, kind="application/octet-stream"):
    request.send_response(200)
    request.send_header("Content-Type", kind)
    request.send_header("Content-Length", str(len(content)))
    request.end_headers()
    request.wfile.write(content)


def cut_off(request):
    request.send_response(200)
    request.send_header("Content-Length", str(len(CONTENT)))
    request.end_headers()
    request.wfile.write(CONTENT[:1000])


def short_without_a_length(request):
    request.send_response(200)
    request.end_headers()
    request.wfile.write(CONTENT[:1000])


def one_bit_flipped(request):
    whole(request, CONTENT[:500] + bytes([CONTENT[500] ^ 1]) + CONTENT[501:])


def too_long(request):
    whole(request, CONTENT + b"\n")


def missing(request):
    request.send_error(404)


def overloaded(request):
    request.send_error(503)


def web_page(request):
    whole(request, LOGIN, "text/html")


def web_page_elsewhere(request):
    request.send_response(302)
    request.send_header("Location", "/web_page")
    request.end_headers()


def round_in_circles(request):
    request.send_response(302)
    request.send_header("Location", request.path)
    request.end_headers()


def not_http(request):
    request.wfile.write(b"220 this is a mail server\r\n")


def not_gzip(request):
    request.send_response(200)
    request.send_header("Content-Encoding", "gzip")
    request.end_headers()
    request.wfile.write(CONTENT)


def silent(request):
    request.server.released.wait(5)


def stalled(request):
    request.send_response(200)
    request.send_header("Content-Length", str(len(CONTENT)))
    request.end_headers()
    request.wfile.write(CONTENT[:1000])
    request.server.released.wait(5)


FAULTS = {
    cut_off: "cut off: the connection broke before the end",
    short_without_a_length: "cut off: 1,000 bytes came, not 102,400",
    one_bit_flipped: "tampered with or damaged: its SHA-256 is wrong",
    too_long: "not this file: 102,401 bytes came, not 102,400",
    missing: "the server answered 404 Not Found",
    overloaded: "the server answered 503 Service Unavailable",
    web_page: "a web page of 66 bytes came in place of the data, such as a page for "
    "login or consent",
    web_page_elsewhere: "a web page of 66 bytes came in place of the data",
    round_in_circles: "the server answered 302 Found",
    not_http: "no connection",
    not_gzip: "the data were garbled",
    silent: "no answer for 0.5 seconds",
    stalled: "no answer for 0.5 seconds",
}
every_fault = pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.__name__)


class Server(http.server.ThreadingHTTPServer):
    """Answers the path /x as the function named x does; notes what was asked."""

    daemon_threads = True
    block_on_close = False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = {f.__name__: f for f in (whole, *FAULTS)}
        self.asked = []
        self.released = threading.Event()

    def url(self, answer):
        return f"http://127.0.0.1:{self.server_port}/{answer.__name__}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path[1:])
        self.server.answers[self.path[1:]](self)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    server = Server()
    serving = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    serving.start()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Return the cache folder, new and empty; there is no mirror folder."""
    monkeypatch.delenv("COMPANION_DATA_MIRROR", raising=False)
    monkeypatch.setenv("COMPANION_DATA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(fetching, "TIMEOUT_SECONDS", 0.5)
    return tmp_path / "cache"


@pytest.fixture
def shared():
    """Return a folder that another user may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="companion-test-"))
    folder.chmod(0o755)
    yield folder
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755)
    shutil.rmtree(folder)


@contextlib.contextmanager
def ordinary_user():
    """Give up the rights of root, who may write to a read-only folder."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def toy(*urls):
    """Return a registry with one file at the URLs."""
    file = {
        "path": NAME,
        "url": urls[0],
        "mirrors": list(urls[1:]),
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "bytes": len(CONTENT),
    }
    return {"toy": {"name": "toy", "files": [file]}}


def put(folder, content):
    path = folder / NAME
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


def files_below(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@every_fault
def test_a_fault_is_named_and_leaves_nothing_behind(server, cache, fault):
    with pytest.raises(field.FieldDataError, match=FAULTS[fault]) as error:
        field.fetch(NAME, toy(server.url(fault)))
    assert not isinstance(error.value, field.CacheError)
    assert server.url(fault) in str(error.value)
    assert "To go on offline" in str(error.value)
    assert files_below(cache) == []


@every_fault
def test_after_a_fault_the_next_url_gives_the_right_file(server, cache, fault):
    path = field.fetch(NAME, toy(server.url(fault), server.url(whole)))
    assert path.read_bytes() == CONTENT
    assert server.asked[-1] == "whole"
    assert files_below(cache) == ["data.bin"]


def test_when_every_url_is_dead_each_is_named_with_its_own_fault(server):
    dead = "http://127.0.0.1:1/data.bin"
    with pytest.raises(field.FieldDataError) as error:
        field.fetch(NAME, toy(dead, server.url(missing), server.url(web_page)))
    message = str(error.value)
    assert f"{dead}: no connection" in message
    assert f"{server.url(missing)}: the server answered 404" in message
    assert f"{server.url(web_page)}: a web page" in message
    assert hashlib.sha256(CONTENT).hexdigest() in message


def test_a_damaged_file_stays_and_is_named_when_nothing_can_replace_it(server, cache):
    damaged = put(cache, CONTENT[:-1])
    with pytest.raises(field.FieldDataError, match="in the cache is damaged"):
        field.fetch(NAME, toy(server.url(missing)))
    assert damaged.read_bytes() == CONTENT[:-1]


def test_github_is_asked_first_and_jsdelivr_last(monkeypatch, tmp_path):
    asked = []

    def refuse(url, output_file):
        asked.append(url)
        raise SourceFault("blocked")

    monkeypatch.setattr(fetching, "_download", refuse)
    github = "https://raw.githubusercontent.com"
    first, second = f"{'a1' * 20}", f"{'b2' * 20}"
    known = toy(
        f"{github}/owner/repo/{first}/a%20b/data.bin",
        "https://example.org/data.bin",
        f"{github}/other/copy/{second}/data.bin",
    )
    with pytest.raises(field.FieldDataError, match="blocked"):
        field.fetch(NAME, known)
    assert asked == [
        f"{github}/owner/repo/{first}/a%20b/data.bin",
        "https://example.org/data.bin",
        f"{github}/other/copy/{second}/data.bin",
        f"https://cdn.jsdelivr.net/gh/owner/repo@{first}/a%20b/data.bin",
        f"https://cdn.jsdelivr.net/gh/other/copy@{second}/data.bin",
    ]


@pytest.mark.parametrize(
    ("proxy", "said"),
    [
        ("http://reader:hunter2@127.0.0.1:1", "the proxy refused it"),
        # The library's own message quotes these two, password and all.
        ("http://reader:hunter2#@127.0.0.1:1", "if you use a proxy, check its"),
        ("http://reader:hunter2/@127.0.0.1:1", "if you use a proxy, check its"),
        ("http://reader:hunter2@", "if you use a proxy, check its address"),
    ],
)
def test_the_password_of_a_proxy_is_never_printed(server, monkeypatch, proxy, said):
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, proxy)
    with pytest.raises(field.FieldDataError, match=said) as error:
        field.fetch(NAME, toy(server.url(whole)))
    assert "hunter2" not in str(error.value)
    assert server.asked == []


def test_a_shared_cache_that_cannot_be_written_serves_what_it_holds(
    server, shared, monkeypatch
):
    monkeypatch.setenv("COMPANION_DATA_CACHE", str(shared / "cache"))
    known = toy(server.url(whole))
    path = field.fetch(NAME, known)  # as the teacher
    for folder in (shared / "cache", path.parent):
        folder.chmod(0o555)
    with ordinary_user():  # as the class
        assert field.fetch(NAME, known) == path
        assert path.read_bytes() == CONTENT
        assert field.verify(known) == {NAME: "good"}
    assert server.asked == ["whole"]


@pytest.mark.parametrize("held", [None, CONTENT[:-1]], ids=["empty", "damaged"])
def test_a_cache_that_cannot_be_written_is_told_from_a_dead_source(
    server, shared, monkeypatch, held
):
    if held:
        put(shared, held).parent.chmod(0o555)
    shared.chmod(0o555)
    monkeypatch.setenv("COMPANION_DATA_CACHE", str(shared))
    before = files_below(shared)
    with (
        ordinary_user(),
        pytest.raises(
            field.CacheError, match="no permission to read or write"
        ) as error,
    ):
        field.fetch(NAME, toy(server.url(whole)))
    message = str(error.value)
    assert str(shared / NAME) in message
    assert "Set COMPANION_DATA_CACHE to a folder that you may write to" in message
    assert ("is damaged" in message) == bool(held)
    assert server.asked == []
    assert files_below(shared) == before


def test_a_cached_file_that_cannot_be_read_is_no_fault_of_the_sources(
    server, shared, monkeypatch
):
    put(shared, CONTENT).chmod(0o000)
    monkeypatch.setenv("COMPANION_DATA_CACHE", str(shared))
    known = toy(server.url(whole))
    with ordinary_user():
        assert field.verify(known) == {NAME: "unreadable"}
        with pytest.raises(field.CacheError, match="no permission to read or write"):
            field.fetch(NAME, known)
    assert server.asked == []


def test_a_cache_that_is_no_folder_is_told(server, cache):
    cache.write_text("a file")
    with pytest.raises(field.CacheError, match="could not keep toy/data.bin"):
        field.fetch(NAME, toy(server.url(whole)))
    assert server.asked == []


class FullDisk:
    def write(self, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def close(self):
        pass


def test_a_full_disk_stops_at_the_first_url_with_its_own_advice(
    server, cache, monkeypatch
):
    full = lambda *_: FullDisk()  # noqa: E731
    monkeypatch.setattr(pooch.downloaders, "open", full, raising=False)
    with pytest.raises(field.CacheError, match="the disk or your quota is full") as e:
        field.fetch(NAME, toy(server.url(whole), server.url(missing)))
    assert "Make room for 102,400 bytes" in str(e.value)
    assert server.asked == ["whole"]
    assert files_below(cache) == []


def test_a_disk_that_fills_up_while_the_mirror_is_copied_stops_too(
    server, cache, monkeypatch, tmp_path
):
    put(tmp_path / "mirror", CONTENT)
    monkeypatch.setenv("COMPANION_DATA_MIRROR", str(tmp_path / "mirror"))

    def copyfile(source, target):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), target)

    monkeypatch.setattr(shutil, "copyfile", copyfile)
    with pytest.raises(field.CacheError, match="the disk or your quota is full"):
        field.fetch(NAME, toy(server.url(whole)))
    assert server.asked == []
    assert files_below(cache) == []


@pytest.mark.parametrize("what", ["nothing", "a folder"])
def test_a_mirror_folder_with_a_fault_falls_through_to_the_url(
    server, monkeypatch, tmp_path, what
):
    if what == "a folder":
        (tmp_path / "mirror" / NAME).mkdir(parents=True)
    monkeypatch.setenv("COMPANION_DATA_MIRROR", str(tmp_path / "mirror"))
    assert field.fetch(NAME, toy(server.url(whole))).read_bytes() == CONTENT
    assert server.asked == ["whole"]


FETCH = f"""
import json, sys
from companion import field
known = json.loads(sys.argv[1])
try:
    print(field.fetch({NAME!r}, known))
except field.CacheError as error:
    print("CacheError:", error)
"""


def child(known, before=""):
    """Start a process that fetches the file and prints its path or the error."""
    command = [sys.executable, "-c", before + FETCH, json.dumps(known)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_limit_that_the_system_sets_on_a_file_is_a_full_disk(server, cache):
    limit = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
"""
    process = child(toy(server.url(whole), server.url(missing)), before=limit)
    printed, _ = process.communicate(timeout=30)
    assert printed.startswith("CacheError: could not keep toy/data.bin")
    assert "the disk or your quota is full" in printed
    assert server.asked == ["whole"]
    assert files_below(cache) == []


@pytest.mark.parametrize("held", [None, CONTENT[:-1]], ids=["empty", "damaged"])
def test_two_processes_at_once_both_get_the_right_file(server, cache, held):
    if held:
        put(cache, held)
    both_ask = threading.Barrier(2, timeout=20)

    def slow(request):
        both_ask.wait()  # neither gets a byte before both have asked
        request.send_response(200)
        request.send_header("Content-Length", str(len(CONTENT)))
        request.end_headers()
        for start in range(0, len(CONTENT), 10_240):
            request.wfile.write(CONTENT[start : start + 10_240])
            time.sleep(0.01)

    server.answers["slow"] = slow
    processes = [child(toy(server.url(slow))) for _ in range(2)]
    printed = [process.communicate(timeout=30)[0].strip() for process in processes]
    assert printed == [str(cache / NAME)] * 2
    assert (cache / NAME).read_bytes() == CONTENT
    assert server.asked == ["slow", "slow"]
    assert files_below(cache) == ["data.bin"]


def test_all_files_of_a_set_come_in_the_order_of_the_registry(server, cache):
    known = toy(server.url(whole))
    first = known["toy"]["files"][0]
    known["toy"]["files"].append({**first, "path": "toy/another.bin"})
    paths = field.fetch_all("toy", known)
    assert paths == [cache / NAME, cache / "toy" / "another.bin"]
    assert [path.read_bytes() for path in paths] == [CONTENT, CONTENT]


def test_a_data_set_that_is_not_registered_is_refused_by_name():
    with pytest.raises(ValueError, match="no data set 'nonsense' .*brown"):
        field.fetch_all("nonsense")
    with pytest.raises(ValueError, match="no data set 'nonsense' .*brown"):
        field.fetch("nonsense/data.bin")


def test_verify_tells_good_damaged_and_missing_files_and_changes_none(cache):
    known = toy("http://127.0.0.1:1/data.bin")
    first = known["toy"]["files"][0]
    known["toy"]["files"] += [
        {**first, "path": "toy/damaged.bin"},
        {**first, "path": "toy/absent.bin"},
    ]
    put(cache, CONTENT)
    (cache / "toy" / "damaged.bin").write_bytes(CONTENT[:-1] + b"?")
    assert field.verify(known) == {
        NAME: "good",
        "toy/damaged.bin": "damaged",
        "toy/absent.bin": "missing",
    }
    assert files_below(cache) == ["damaged.bin", "data.bin"]
