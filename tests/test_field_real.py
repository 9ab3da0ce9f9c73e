"""What the documentation says of the data holds for the real files, where they are."""

import os
from pathlib import Path

import pytest

from companion import field
from companion.field.fetch import cache_folder
from companion.field.judgements import SCALES

pytestmark = pytest.mark.usefixtures("only_this_machine")


def needs(*names):
    """Skip a test unless the files of these data sets are on this machine."""
    mirror = os.environ.get("COMPANION_DATA_MIRROR")
    places = [cache_folder(), *([Path(mirror)] if mirror else [])]
    for name in names:
        for file in field.registry()[name]["files"]:
            if not any((place / file["path"]).is_file() for place in places):
                pytest.skip(f"needs {name}; `companion data fetch {name}` gets it")


def sizes(texts):
    """Return how many texts, sentences, tokens and types there are."""
    sentences = [sentence for text in texts for sentence in text.sentences]
    tokens = [token for sentence in sentences for token in sentence]
    return len(texts), len(sentences), len(tokens), len(set(tokens))


def test_the_articles_of_wikipedia_are_cut_as_when_they_were_counted():
    needs("wikipedia_2018")
    assert sizes(field.wikipedia()) == (15_531, 201_536, 4_891_809, 188_396)


def test_the_books_are_cut_as_when_they_were_counted():
    needs(*(name for name in field.registry() if name.startswith("gutenberg_")))
    books = field.gutenberg()
    assert len(books) == 12
    assert {name: len(books[name]) for name in ("alice", "pride_prejudice")} == {
        "alice": 12,
        "pride_prejudice": 61,
    }
    chapters = [chapter for book in books.values() for chapter in book]
    assert sizes(chapters) == (458, 65_994, 1_773_886, 45_443)
    words = {word for text in chapters for one in text.sentences for word in one}
    assert not words & {"eBook", "EBOOK", "eBooks"}  # Gutenberg is a name in one


def test_word_pairs_lie_on_their_scales_and_overlap_as_documented():
    needs("wordsim")
    pairs = {name: field.word_similarity(name) for name in SCALES}
    alike, related = set(pairs["WS-353-SIM"]), set(pairs["WS-353-REL"])
    assert len(alike & related) == 103
    assert ("clothes", "closet", 3.27) in pairs["SIMLEX-999"]
    assert ("closet", "clothes", 8.0) in pairs["WS-353-ALL"]


def test_analogies_are_as_many_as_documented():
    needs("analogies")
    sections = field.analogies()
    asked = {False: 0, True: 0}
    for section in sections:
        asked[section.is_syntactic] += len(section.questions)
    assert asked == {False: 8_869, True: 10_675}
    common, world = (set(section.questions) for section in sections[:2])
    assert len(common & world) == 171


def test_the_sentences_of_reviews_differ_from_part_to_part():
    needs("sentence_polarity")
    split = field.sentence_polarity()
    parts = (split.train, split.valid, split.test)
    assert [len(part) for part in parts] == [8_530, 1_066, 1_066]
    opinions = [opinion for part in parts for opinion in part]
    assert sum(len(opinion.tokens) for opinion in opinions) == 224_073
    assert len({opinion.tokens for opinion in opinions}) == len(opinions)
