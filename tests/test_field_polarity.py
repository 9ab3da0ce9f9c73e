"""Sentences of reviews keep their labels, and each stands in one part."""

import zipfile

import pytest

from companion import field
from companion.field.polarity import read_opinions

pytestmark = pytest.mark.usefixtures("only_this_machine")

TEXTS = {
    ".pos": "".join(f"good film {n} . \n" for n in range(10)),
    ".neg": "".join(f"bad film {n} . \n" for n in range(10)),
}
COUNTS = {"rt-polarity.pos": 10, "rt-polarity.neg": 10}


def write(path, texts=TEXTS):
    with zipfile.ZipFile(path, "w") as archive:
        for end, text in texts.items():
            content = text.encode() if isinstance(text, str) else text
            archive.writestr(f"sentence_polarity/rt-polarity{end}", content)
    return path


def split(registered, tmp_path, counts=COUNTS, texts=TEXTS):
    files = {"sentence_polarity.zip": write(tmp_path / "it.zip", texts).read_bytes()}
    return field.sentence_polarity(registered("sentence_polarity", files, counts))


def test_each_label_is_cut_at_80_and_90_per_cent_in_the_order_of_its_file(
    registered, tmp_path
):
    # Of ten sentences with each label, 0 to 7 train, 8 validates, 9 tests.
    parts = split(registered, tmp_path)
    assert [opinion.label for opinion in parts.train] == [1] * 8 + [0] * 8
    assert [int(opinion.tokens[2]) for opinion in parts.train] == [*range(8)] * 2
    assert [" ".join(opinion.tokens) for opinion in parts.valid + parts.test] == [
        "good film 8 .",
        "bad film 8 .",
        "good film 9 .",
        "bad film 9 .",
    ]


def test_the_registered_sentences_are_cut_as_hugging_face_cuts_them(
    registered, tmp_path
):
    # 0.8 x 5331 = 4264.8 and 0.9 x 5331 = 4797.9: cut before 4265 and 4798.
    texts = {end: "so ?\n" * 5331 for end in TEXTS}
    counts = field.registry()["sentence_polarity"]["counts"]
    parts = split(registered, tmp_path, counts, texts)
    sizes = [len(part) for part in (parts.train, parts.valid, parts.test)]
    assert sizes == [2 * 4265, 2 * 533, 2 * 533]


def test_marks_that_another_encoding_left_behind_are_mended(tmp_path):
    texts = TEXTS | {".pos": "touché \x96 \x91em \x97 !\n"}
    opinions = read_opinions(write(tmp_path / "it.zip", texts))
    assert opinions[1][0].tokens == ("touché", "–", "'em", "—", "!")


def test_a_count_of_sentences_that_differs_is_an_error(registered, tmp_path):
    with pytest.raises(
        field.FieldDataError, match=r"10 rt-polarity\.neg, expected 5,331"
    ):
        split(registered, tmp_path, COUNTS | {"rt-polarity.neg": 5331})


@pytest.mark.parametrize(
    "texts",
    [
        {".pos": "good\n"},
        TEXTS | {".neg": "clichés\n".encode("latin-1")},
    ],
)
def test_a_zip_without_both_files_in_utf_8_is_an_error(tmp_path, texts):
    path = write(tmp_path / "it.zip", texts)
    with pytest.raises(field.FieldDataError, match=r"no whole rt-polarity\.neg") as e:
        read_opinions(path)
    assert str(path) in str(e.value)


@pytest.mark.parametrize("keep", [20, 200])
def test_a_zip_that_is_cut_off_is_an_error(tmp_path, keep):
    path = write(tmp_path / "it.zip")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(field.FieldDataError, match="expected a zip file with"):
        read_opinions(path)


def test_a_damaged_zip_is_an_error(tmp_path):
    path = write(tmp_path / "it.zip")
    path.write_bytes(path.read_bytes().replace(b"bad film 3", b"mad film 3"))
    with pytest.raises(field.FieldDataError, match=r"no whole rt-polarity\.neg"):
        read_opinions(path)


def test_a_line_without_a_sentence_is_an_error(tmp_path):
    texts = TEXTS | {".neg": "bad .\n \nbad .\n"}
    with pytest.raises(
        field.FieldDataError, match=r"rt-polarity\.neg has a line without"
    ):
        read_opinions(write(tmp_path / "it.zip", texts))
