"""Word pairs and analogies are read as they were judged and asked."""

import re

import pytest

from companion import field
from companion.field.judgements import SCALES, read_analogies, read_pairs

pytestmark = pytest.mark.usefixtures("only_this_machine")

PAIRS = b"tiger\tcat\t7.35\r\nJerusalem\tIsrael\t8.46\r\ntiger\ttiger\t10.00\r\n"
QUESTIONS = b"""\
: capital-world
Athens Greece Oslo Norway
Oslo Norway Athens Greece
: gram7-past-tense
going went saying said
"""
COUNTS = {"sections": ["capital-world", "gram7-past-tense"], "questions": 3}


def analogies(registered, counts):
    known = registered("analogies", {"questions-words.txt": QUESTIONS}, counts)
    return field.analogies(known)


def test_a_pair_has_two_words_and_a_score(registered):
    counts = {"EN-WS-353-ALL.txt": 3}
    known = registered("wordsim", {"EN-WS-353-ALL.txt": PAIRS}, counts)
    assert field.word_similarity("WS-353-ALL", known) == (
        ("tiger", "cat", 7.35),
        ("Jerusalem", "Israel", 8.46),
        ("tiger", "tiger", 10.0),
    )


def test_every_set_of_pairs_in_the_registry_has_a_scale():
    counts = field.registry()["wordsim"]["counts"]
    assert sorted(counts) == sorted(f"EN-{name}.txt" for name in SCALES)


def test_an_unknown_set_of_pairs_is_refused_with_the_choices():
    with pytest.raises(ValueError, match=r"no word pairs 'WS-353'; .*WS-353-ALL"):
        field.word_similarity("WS-353")


def test_a_count_of_pairs_that_differs_is_an_error(registered):
    known = registered("wordsim", {"EN-RG-65.txt": b"a\tb\t4\n"}, {"EN-RG-65.txt": 65})
    with pytest.raises(field.FieldDataError, match=r"1 EN-RG-65.txt, expected 65"):
        field.word_similarity("RG-65", known)


@pytest.mark.parametrize(
    "line", ["gem jewel 3.94", "gem\tjewel", "gem\tjewel\tlike", "gem\tjewel\tnan",
             "gem\tjewel\t4.1", "gem\tjewel\t-1", "", "gem\tjewel\t3.94\t1"]
)  # fmt: skip
def test_a_line_that_is_no_pair_on_the_scale_is_an_error(tmp_path, line):
    path = tmp_path / "EN-RG-65.txt"
    path.write_text(f"cord\tsmile\t0.02\n{line}\nchord\tsmile\t0.02\n")
    with pytest.raises(field.FieldDataError, match=r"line 2: .* a score from 0 to 4,"):
        read_pairs(path, SCALES["RG-65"])


def test_pairs_in_another_encoding_are_an_error(tmp_path):
    path = tmp_path / "EN-RG-65.txt"
    path.write_bytes("café\tbar\t3\n".encode("latin-1"))
    with pytest.raises(field.FieldDataError, match="is not in UTF-8"):
        read_pairs(path, 4.0)


def test_questions_stand_in_sections_about_meanings_or_forms(registered):
    meanings, forms = analogies(registered, COUNTS)
    assert (meanings.name, meanings.is_syntactic) == ("capital-world", False)
    assert (forms.name, forms.is_syntactic) == ("gram7-past-tense", True)
    assert meanings.questions[0] == ("Athens", "Greece", "Oslo", "Norway")
    assert (len(meanings.questions), len(forms.questions)) == (2, 1)


def test_in_the_registry_the_first_five_sections_are_about_meanings():
    names = field.registry()["analogies"]["counts"]["sections"]
    assert [name.startswith("gram") for name in names] == [False] * 5 + [True] * 9


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"questions": 4}, "3 questions, expected 4"),
        ({"sections": ["family"]}, "sections capital-world, .*; expected family"),
    ],
)
def test_counts_of_analogies_that_differ_are_an_error(registered, wrong, message):
    with pytest.raises(field.FieldDataError, match=message):
        analogies(registered, COUNTS | wrong)


@pytest.mark.parametrize("line", ["a b c", ":", ": two words", "a b c d e", ""])
def test_a_line_that_is_no_question_is_an_error(tmp_path, line):
    path = tmp_path / "questions-words.txt"
    path.write_text(f": family\n{line}\n")
    expected = re.escape(f"line 2: {line!r} is no question")
    with pytest.raises(field.FieldDataError, match=expected):
        read_analogies(path)


def test_a_question_before_the_first_section_is_an_error(tmp_path):
    path = tmp_path / "questions-words.txt"
    path.write_text("boy girl king queen\n")
    with pytest.raises(field.FieldDataError, match="line 1: 'boy girl king queen'"):
        read_analogies(path)
