"""Articles and books become documents, sentences and tokens in one way."""

import pytest

from companion import field
from companion.field.plain import chapters, read_articles
from companion.text import tokenize

pytestmark = pytest.mark.usefixtures("only_this_machine")

# 20 words, so that it is kept.
LONG = (
    "The old bank by the river was flooded in 1952, and nobody who lived "
    "near it then wished to return."
)
ARTICLES = f"""\
<doc id="1" url="?curid=1" title="Rise &amp; &quot;fall&quot;">
Rise &amp; "fall"

{LONG} Ed. Cole left.<br>He wrote &lt;b&gt;"R &amp; D"&lt;/b&gt; () there.
History.
A list without a mark: {LONG.removesuffix(".")}

</doc>
<doc id="2" url="?curid=2" title="Title alone">
Title alone


</doc>
"""
BOOK = f"""\
Header with the licence.\r
*** START OF THIS PROJECT GUTENBERG EBOOK A LIFE,\r
COMPLETE ***\r
\r
Produced by A Volunteer\r
\r
\r
\r
\r
A LIFE\r
\r
Told by himself.\r
\r
\r
\r
CONTENTS\r
\r
{LONG}\r
\r
\r
\r
CHAPTER I.\r
\r
The River\r
\r
"Come in," said he,\r
"and sit."  She _did_.  {LONG}\r
\r
     1801    12\r
     1802    13.\r
\r
I SAY:\r
\r
   \r
\r
\r
CHAPTER II.\r
\r
'The end--' I said.  {LONG}\r
\r
\r
\r
\r
End of the Project Gutenberg EBook of A Life\r
\r
*** END OF THIS PROJECT GUTENBERG EBOOK A LIFE ***\r
Footer with the licence. It is long.\r
"""
COUNTS = {"files": 1, "articles": 2}


def words(text):
    return [" ".join(sentence) for sentence in field.sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He paid. She left!", ["He paid .", "She left !"]),
        ('"Why?" He left. (So did I.) 3 stayed.',
         ['" Why ? "', "He left .", "( So did I . )", "3 stayed ."]),
        ("Mr. Bell of St. Ives met J. R. Hill at 5 p.m. sharp.",
         ["Mr . Bell of St . Ives met J . R . Hill at 5 p.m. sharp ."]),
        ("In the U.S. Army? Yes... Élan.", ["In the U.S. Army ?", "Yes ...", "Élan ."]),
        ("the well-known dogs' $1,200.50, 3-1/2 o’clock—“now”",
         ["the well-known dogs ' $ 1,200.50 , 3-1 / 2 o'clock — \" now \""]),
        ("Oh--_very_ well,\n  twenty-five.", ["Oh — very well , twenty-five ."]),
        ("  \n", []),
    ],
)  # fmt: skip
def test_a_paragraph_is_cut_into_sentences_and_tokens(text, expected):
    assert words(text) == expected


def test_without_marks_of_its_own_a_text_has_the_tokens_that_the_tokenizer_gives():
    text = "The ferryman's bell rang; who was it? Nobody, it seems: a half-read 12."
    tokens = [token.lower() for s in field.sentences(text) for token in s]
    assert tokens == tokenize(text)


def test_equal_words_are_one_string_in_memory():
    (first,), (second,) = field.sentences("bankable"), field.sentences("(bankable)")
    assert first[0] is second[1]


def test_paragraphs_of_articles_are_kept_without_titles_headings_and_lists(registered):
    known = registered("wikipedia_2018", {"wiki_00": ARTICLES.encode()}, COUNTS)
    (article,) = field.wikipedia(known)
    assert article.name == 'Rise & "fall"'
    flood = LONG.replace(",", " ,").replace(".", " .")
    assert [" ".join(sentence) for sentence in article.sentences] == [
        flood,
        "Ed .",
        "Cole left .",
        'He wrote " R & D " there .',
    ]


def test_articles_of_all_files_come_in_the_order_of_the_files(registered):
    files = {
        name: ARTICLES.replace("Rise", name).encode() for name in ("wiki_02", "wiki_01")
    }
    known = registered("wikipedia_2018", files, {"files": 2, "articles": 4})
    names = [article.name.split()[0] for article in field.wikipedia(known)]
    assert names == ["wiki_02", "wiki_01"]


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_a_count_of_articles_that_differs_is_an_error(registered, name):
    counts = {**COUNTS, name: 7}
    known = registered("wikipedia_2018", {"wiki_00": ARTICLES.encode()}, counts)
    message = f"wikipedia_2018 was read wrongly: {COUNTS[name]} {name}, expected 7"
    with pytest.raises(field.FieldDataError, match=message):
        field.wikipedia(known)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (ARTICLES.replace("</doc>\n<doc", "<doc"), "title="),
        (ARTICLES.removesuffix("</doc>\n"), "Title alone"),
        (f"{ARTICLES}<html>Log in</html>", "<html>Log in</html>"),
        (ARTICLES.replace('<doc id="2"', "<doc"), "<doc url="),
    ],
)
def test_what_is_no_whole_article_is_an_error_that_shows_it(tmp_path, text, shown):
    path = tmp_path / "wiki_00"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(field.FieldDataError, match="is no whole article") as error:
        read_articles(path)
    assert shown in str(error.value)
    assert str(path) in str(error.value)


def test_articles_in_another_encoding_are_an_error(tmp_path):
    path = tmp_path / "wiki_00"
    path.write_bytes(ARTICLES.replace("Cole", "Colé").encode("latin-1"))
    with pytest.raises(field.FieldDataError, match="wiki_00 is not in utf-8"):
        read_articles(path)


def book_counts(text, encoding="utf-8"):
    # Words of letters, digits and underscores: "_did_" is one.
    return {"words": 131, "lines": text.count("\n"), "encoding": encoding}


def test_a_book_is_cut_into_chapters_without_licence_headings_and_tables(registered):
    files = {"life.txt": b"\xef\xbb\xbf" + BOOK.encode()}
    books = field.gutenberg(registered("gutenberg_life", files, book_counts(BOOK)))
    assert list(books) == ["life"]
    first, second = books["life"]
    assert (first.name, second.name) == ("life 1", "life 2")
    assert first.sentences == (
        ('"', "Come", "in", ",", '"', "said", "he", ",", '"', "and", "sit", ".", '"'),
        ("She", "did", "."),
        *field.sentences(LONG),
    )
    assert second.sentences == (
        ("'", "The", "end", "—", "'", "I", "said", "."),
        *field.sentences(LONG),
    )


def test_a_book_is_read_in_the_encoding_that_the_registry_names(registered):
    text = BOOK.replace("come", "comé").replace("sit", "sît")
    counts = book_counts(text, "latin-1")
    known = registered("gutenberg_life", {"life.txt": text.encode("latin-1")}, counts)
    assert field.gutenberg(known)["life"][0].sentences[0][10] == "sît"
    known["gutenberg_life"]["counts"]["encoding"] = "utf-8"
    with pytest.raises(field.FieldDataError, match="life.txt is not in utf-8"):
        field.gutenberg(known)


@pytest.mark.parametrize("name", ["words", "lines"])
def test_a_count_of_a_book_that_differs_is_an_error(registered, name):
    counts = book_counts(BOOK)
    wrong = {**counts, name: counts[name] + 1}
    known = registered("gutenberg_life", {"life.txt": BOOK.encode()}, wrong)
    message = f"{counts[name]} {name}, expected {counts[name] + 1}"
    with pytest.raises(field.FieldDataError, match=message):
        field.gutenberg(known)


@pytest.mark.parametrize("mark", ["*** START OF", "*** END OF"])
def test_a_text_that_does_not_say_where_the_book_stands_is_an_error(mark):
    with pytest.raises(field.FieldDataError, match="life is no book of Project Gut"):
        chapters("life", BOOK.replace(mark, "---").replace("\r", ""))


def test_a_long_first_paragraph_is_no_heading():
    start, stop = "*** START OF THE BOOK ***\n", "\n*** END OF THE BOOK ***\n"
    (chapter,) = chapters("life", f"{start}\n\n\n\n{LONG}\n\nIt was.\n{stop}")
    assert len(chapter.sentences) == 2


def test_articles_and_chapters_can_be_put_together(registered):
    known = registered("wikipedia_2018", {"wiki_00": ARTICLES.encode()}, COUNTS)
    files = {"life.txt": BOOK.encode()}
    known |= registered("gutenberg_life", files, book_counts(BOOK))
    texts = field.wikipedia(known) + field.gutenberg(known)["life"]
    assert [text.name for text in texts] == ['Rise & "fall"', "life 1", "life 2"]
