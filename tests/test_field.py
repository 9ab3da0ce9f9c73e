"""Public data: fetched, verified, read and split."""

import hashlib
import http.server
import json
import re
import shutil
import threading
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from companion import field
from companion.field.brown import read_brown

pytestmark = pytest.mark.usefixtures("only_this_machine")

REGISTRY_PATH = Path(field.__file__).with_name("registry.json")

FILES = {
    "ca01": "\n\n\tThe/at bank/nn closed/vbd ./.\n\n\tIt/pps lent/vbd 9-1/2/cd ./.\n",
    "cb02": "\n\tThe/at bank/nn flooded/vbd ./.\n",
    "cats.txt": "ca01 news\ncb02 editorial\n",
    "README": "not a document\n",
}
COUNTS = {"files": 2, "sentences": 3, "tokens": 12, "types": 8, "tags": 6}


def write_brown(path, files=FILES):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"brown/{name}", text)
    return path


def data_sets(path, url="http://127.0.0.1:1/brown.zip", mirrors=()):
    """Return a registry whose one file has the bytes at `path`."""
    content = path.read_bytes()
    file = {
        "path": "brown/brown.zip",
        "url": url,
        "mirrors": list(mirrors),
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
    }
    return {"brown": {"name": "brown", "files": [file], "counts": COUNTS}}


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """Return a mirror folder with a tiny Brown; the cache is new and empty."""
    folder = tmp_path / "mirror"
    write_brown(folder / "brown" / "brown.zip")
    monkeypatch.setenv("COMPANION_DATA_MIRROR", str(folder))
    monkeypatch.setenv("COMPANION_DATA_CACHE", str(tmp_path / "cache"))
    return folder


@pytest.fixture
def serve(tmp_path):
    """Return a function that serves a folder over HTTP and gives its address."""
    servers = []

    def start(folder):
        handler = partial(Quiet, directory=str(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


def files_below(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_file_of_the_mirror_arrives_in_the_cache(mirror, tmp_path):
    original = mirror / "brown" / "brown.zip"
    path = field.fetch("brown/brown.zip", data_sets(original))
    assert path == tmp_path / "cache" / "brown" / "brown.zip"
    assert path.read_bytes() == original.read_bytes()


def test_a_file_in_the_cache_needs_no_source(mirror):
    known = data_sets(mirror / "brown" / "brown.zip")
    first = field.fetch("brown/brown.zip", known)
    shutil.rmtree(mirror)
    assert field.fetch("brown/brown.zip", known) == first


def test_without_a_mirror_the_file_comes_from_its_url(mirror, serve, monkeypatch):
    monkeypatch.delenv("COMPANION_DATA_MIRROR")
    original = mirror / "brown" / "brown.zip"
    known = data_sets(original, url=f"{serve(mirror)}/brown/brown.zip")
    path = field.fetch("brown/brown.zip", known)
    assert path.read_bytes() == original.read_bytes()


def test_other_urls_are_tried_when_the_first_is_dead(mirror, serve, monkeypatch):
    monkeypatch.delenv("COMPANION_DATA_MIRROR")
    original = mirror / "brown" / "brown.zip"
    address = serve(mirror)
    known = data_sets(
        original,
        url=f"{address}/gone.zip",
        mirrors=[f"{address}/brown/brown.zip"],
    )
    path = field.fetch("brown/brown.zip", known)
    assert path.read_bytes() == original.read_bytes()


def test_a_damaged_mirror_falls_through_to_the_url(mirror, serve, tmp_path):
    original = write_brown(tmp_path / "served" / "brown.zip")
    known = data_sets(original, url=f"{serve(original.parent)}/brown.zip")
    (mirror / "brown" / "brown.zip").write_bytes(b"<html>moved</html>")
    path = field.fetch("brown/brown.zip", known)
    assert path.read_bytes() == original.read_bytes()


def test_a_damaged_file_in_the_cache_is_replaced(mirror):
    original = mirror / "brown" / "brown.zip"
    known = data_sets(original)
    path = field.fetch("brown/brown.zip", known)
    path.write_bytes(original.read_bytes()[:-1])
    assert field.fetch("brown/brown.zip", known).read_bytes() == original.read_bytes()


def test_wrong_bytes_are_refused_and_leave_nothing_behind(mirror, serve, tmp_path):
    original = mirror / "brown" / "brown.zip"
    known = data_sets(original, url=f"{serve(mirror)}/brown/brown.zip")
    content = original.read_bytes()
    original.write_bytes(content[:-1] + b"?")
    with pytest.raises(field.FieldDataError, match="its SHA-256 is wrong"):
        field.fetch("brown/brown.zip", known)
    assert files_below(tmp_path / "cache") == []


def test_when_all_fails_the_error_says_how_to_go_on_offline(mirror, tmp_path):
    known = data_sets(mirror / "brown" / "brown.zip")
    shutil.rmtree(mirror)
    with pytest.raises(field.FieldDataError, match="go on offline") as error:
        field.fetch("brown/brown.zip", known)
    message = str(error.value)
    assert "brown/brown.zip" in message
    assert str(mirror / "brown" / "brown.zip") in message
    assert "http://127.0.0.1:1/brown.zip" in message
    assert "COMPANION_DATA_MIRROR" in message
    assert str(tmp_path / "cache" / "brown" / "brown.zip") in message


def test_a_file_that_is_not_registered_is_refused_by_name():
    with pytest.raises(ValueError, match=r"no file 'brown/b\.zip'.*brown/brown\.zip"):
        field.fetch("brown/b.zip")


def test_every_data_set_says_what_a_reader_must_know():
    for name, data_set in field.registry().items():
        assert data_set["name"] == name
        for key in ("title", "description", "licence", "licence_source", "format"):
            assert data_set[key].strip() == data_set[key] != ""
        assert data_set["counts"]
        assert data_set["chapters"] == sorted(set(data_set["chapters"]))
        assert set(data_set["chapters"]) <= set(range(1, 13)) != set()
        assert data_set["non_commercial"] in (True, False)
        assert re.fullmatch(r"[^/]+/[^/]+", data_set["repo"])
        assert re.fullmatch(r"[0-9a-f]{40}", data_set["commit"])


def test_every_registered_file_has_what_fetching_needs():
    for data_set in field.registry().values():
        for file in data_set["files"]:
            for url in [file["url"], *file.get("mirrors", [])]:
                assert url.startswith("https://")
            assert re.fullmatch(r"[0-9a-f]{64}", file["sha256"])
            assert re.fullmatch(r"[0-9a-f]{40}", file["git_blob"])
            assert file["bytes"] > 0
            assert file["path"].startswith(f"{data_set['name']}/")
            assert ".." not in file["path"].split("/")
            assert f"/{data_set['repo']}/{data_set['commit']}/" in file["url"]


def test_the_registry_holds_all_that_the_book_was_checked_with():
    sets = field.registry().values()
    files = [file for data_set in sets for file in data_set["files"]]
    assert len(sets) == 29
    assert len(files) == len({file["path"] for file in files}) == 240
    total = json.loads(REGISTRY_PATH.read_text(encoding="utf-8"))["total_bytes"]
    assert sum(file["bytes"] for file in files) == total == 125_881_173
    for data_set in sets:
        assert data_set["bytes"] == sum(file["bytes"] for file in data_set["files"])


def test_data_sets_whose_licence_forbids_commerce_are_marked():
    marked = {n for n, s in field.registry().items() if s["non_commercial"]}
    assert marked == {
        "brown",
        "coarsewsd20_bank",
        "coarsewsd20_others",
        "coarsewsd20_ood",
        "multi30k_en_de",
    }


def test_the_registry_speaks_of_no_folder_of_a_machine():
    text = REGISTRY_PATH.read_text(encoding="utf-8")
    for folder in ("/home/", "/tmp/", "files/ here", "from memory"):
        assert folder not in text


def test_brown_reads_words_tags_and_genres(mirror):
    corpus = field.brown(data_sets(mirror / "brown" / "brown.zip"))
    first, second = corpus.documents
    assert (first.name, first.genre) == ("ca01", "news")
    assert (second.name, second.genre) == ("cb02", "editorial")
    assert len(first.sentences) == 2
    assert first.sentences[0].tokens == ("The", "bank", "closed", ".")
    assert first.sentences[0].pos == ("at", "nn", "vbd", ".")


def test_a_slash_in_a_word_stays_in_the_word(mirror):
    corpus = read_brown(mirror / "brown" / "brown.zip")
    assert corpus.documents[0].sentences[1].tokens[2] == "9-1/2"
    assert corpus.documents[0].sentences[1].pos[2] == "cd"


def test_words_run_in_corpus_order_whatever_the_order_in_the_zip(tmp_path):
    backwards = dict(sorted(FILES.items(), reverse=True))
    corpus = read_brown(write_brown(tmp_path / "brown.zip", backwards))
    expected = "The bank closed . It lent 9-1/2 . The bank flooded .".split()
    assert corpus.words == expected


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_a_count_that_differs_from_the_registry_is_an_error(mirror, name):
    known = data_sets(mirror / "brown" / "brown.zip")
    known["brown"]["counts"] = {**COUNTS, name: COUNTS[name] + 1}
    with pytest.raises(
        field.FieldDataError,
        match=f"{COUNTS[name]} {name}, expected {COUNTS[name] + 1}",
    ):
        field.brown(known)


def test_a_token_without_a_tag_is_an_error(tmp_path):
    path = write_brown(tmp_path / "brown.zip", {**FILES, "ca01": "The/at bank\n"})
    with pytest.raises(field.FieldDataError, match="ca01: token 'bank' has no /tag"):
        read_brown(path)


def test_a_document_without_a_genre_is_an_error(tmp_path):
    path = write_brown(tmp_path / "brown.zip", {**FILES, "cats.txt": "ca01 news\n"})
    with pytest.raises(field.FieldDataError, match="no genre in cats.txt for cb02"):
        read_brown(path)


def test_a_file_that_is_no_zip_is_an_error_that_names_it(tmp_path):
    path = tmp_path / "brown.zip"
    path.write_text("<html>Log in</html>")
    with pytest.raises(field.FieldDataError, match="is not a zip file") as error:
        read_brown(path)
    assert str(path) in str(error.value)
    assert "expected a zip file with brown/ca01 to" in str(error.value)


def test_a_zip_that_is_cut_off_is_an_error(tmp_path):
    path = write_brown(tmp_path / "brown.zip")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(field.FieldDataError, match="is not a zip file"):
        read_brown(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("place", [0, 8, 30])
def test_a_damaged_document_is_an_error_that_names_it(tmp_path, method, place):
    path = tmp_path / "brown.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, text in FILES.items():
            archive.writestr(f"brown/{name}", text)
        begin = archive.getinfo("brown/cb02").header_offset + 30 + len("brown/cb02")
    content = bytearray(path.read_bytes())
    content[begin + place] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(field.FieldDataError, match="has a damaged brown/cb02") as error:
        read_brown(path)
    assert str(path) in str(error.value)


def test_a_zip_without_genres_is_an_error(tmp_path):
    files = {name: text for name, text in FILES.items() if name != "cats.txt"}
    path = write_brown(tmp_path / "brown.zip", files)
    with pytest.raises(field.FieldDataError, match="has no brown/cats.txt; expected"):
        read_brown(path)


@pytest.mark.parametrize("line", ["cb02", "cb02 editorial press"])
def test_a_line_of_genres_that_is_no_pair_is_an_error(tmp_path, line):
    files = {**FILES, "cats.txt": f"ca01 news\n\n{line}\n"}
    path = write_brown(tmp_path / "brown.zip", files)
    with pytest.raises(field.FieldDataError, match=f"cats.txt, line 3: '{line}' is no"):
        read_brown(path)


def test_the_split_merges_rare_words_and_cuts_in_order():
    # a 4 times, b 3 times, c once: with minimum_count 4 only a stays, and
    # b and c become the rare symbol wherever they stand.
    words = "a b a b a c b a".split()
    split = field.bengio_split(words, train=4, valid=2)
    assert set(split.vocabulary.words) == {"a", "<rare>"}
    assert split.vocabulary.decode(split.train) == ["a", "<rare>", "a", "<rare>"]
    assert split.vocabulary.decode(split.valid) == ["a", "<rare>"]
    assert split.vocabulary.decode(split.test) == ["<rare>", "a"]


def test_words_are_counted_over_all_three_parts():
    # "late" stands once in training and three times after it: 4 in all, so kept.
    words = ["late", "x", "late", "x", "late", "late", "x", "x"]
    split = field.bengio_split(words, train=2, valid=2)
    assert split.vocabulary.decode(split.train) == ["late", "x"]


def test_the_parts_of_the_split_put_together_are_the_corpus():
    words = [f"w{i % 7}" for i in range(100)]
    split = field.bengio_split(words, train=60, valid=30)
    parts = [split.train, split.valid, split.test]
    assert [len(part) for part in parts] == [60, 30, 10]
    assert all(part.dtype == np.int64 for part in parts)
    assert split.vocabulary.decode(np.concatenate(parts)) == words


def test_case_is_kept():
    split = field.bengio_split(["The", "the"] * 5, train=4, valid=2)
    assert {"The", "the"} <= set(split.vocabulary.words)


def test_a_text_too_short_for_a_test_part_is_refused():
    with pytest.raises(ValueError, match="6 words leave no test part after 4 to train"):
        field.bengio_split(["a"] * 6, train=4, valid=2)
