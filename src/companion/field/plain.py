"""Plain text to pretrain on: articles of Wikipedia and books, cut in one way.

Chapters: all that pretrain on real text. Unlike Brown, nobody cut these corpora into
sentences and words by hand. One function does it here for both, so that they can be
put together: `wikipedia() + gutenberg()["moby_dick"]`.
"""

import functools
import html
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase, digits

from companion.field.faults import FieldDataError, check_counts
from companion.field.fetch import fetch_all, registry

BOOKS = "gutenberg_"  # what the names of Project Gutenberg's books begin with
LONG = 20  # words; what is shorter may be a title, a heading or part of a list

# One apostrophe, one quotation mark, one dash, as in the books that are ASCII.
PLAIN = {"‘": "'", "’": "'", "ʼ": "'", "“": '"', "”": '"', "--": "—", "_": " "}
TOKEN = re.compile(
    r"(?:[^\W\d_]\.){2,}"  # U.S.
    r"|\w+(?:['-]\w+|(?<=\d)[.,]\d+)*"  # bank, river-bank's, 1,200.50
    r"|\.+|[^\w\s]"
)
# A full stop behind one of these ends no sentence. Each row has one length: a
# pattern that looks behind itself needs to know how far.
SHORT = (
    "[A-HJ-Za-z]",  # "than I." ends one
    "Mr|Ms|Dr|St|Lt|Fr|Mt|No|Ph|vs",
    "Mrs|Rev|Gen|Col|Sgt|Gov|Sen|Rep|Hon|Vol|Jan|Feb|Apr|Aug|Oct|Nov|Dec",
    "Prof|Capt|Sept",
    "Messrs",
)
NO_END = "".join(rf"(?<!\b(?:{words})\.)" for words in SHORT)
END = re.compile(rf"([.!?]{NO_END}[\"')\]]*) (?=[\"'(\[—]*[A-ZÀ-Þ\d])")

ARTICLE = re.compile(r'<doc id="\d+" url="[^"\n]*" title="([^\n]*)">\n[^\n]*\n')
TAG = re.compile(r"</?[a-z][^<>\n]*>")  # not "p <0.05"
HOLE = re.compile(r"\([\s,;]*\)")  # what a template leaves behind when it is removed
START = re.compile(r"\*\*\* START OF TH[^*]*\*\*\*\n")
STOP = "*** END OF TH"
NOT_THE_BOOK = re.compile(r"contents|transcriber", re.IGNORECASE)


@dataclass(frozen=True)
class Text:
    """One article, or one chapter of a book.

    Attributes:
        name: Title of the article, or name of the book and number of the chapter.
        sentences: Its sentences in order, each a tuple of tokens, case kept.
    """

    name: str
    sentences: tuple[tuple[str, ...], ...]


def sentences(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the sentences of a paragraph, each a tuple of tokens, case kept.

    A token is a word with what apostrophes and hyphens hold together, a number,
    an abbreviation such as "U.S.", or a mark. Curly quotation marks become
    straight ones, "--" becomes a dash, and underscores (italics) go.

    A sentence ends at a mark that a capital or a digit follows. The rule errs: it
    goes on after "in the U.S." and stops after "Jr.".

    >>> sentences("“I paid Mr. Bell $1,200--too much!” He hadn't _any_ change.")
    (('"', 'I', 'paid', 'Mr', '.', 'Bell', '$', '1,200', '—', 'too', 'much', '!', '"'),
     ('He', "hadn't", 'any', 'change', '.'))
    """
    for printed, plain in PLAIN.items():
        text = text.replace(printed, plain)
    found = END.sub(r"\1\n", " ".join(text.split())).split("\n")
    # No token holds a space, so each distinct stretch between spaces is cut once.
    cut = (tuple(chain.from_iterable(map(_tokens, one.split()))) for one in found)
    return tuple(tokens for tokens in cut if tokens)


@functools.lru_cache(maxsize=1 << 17)
def _tokens(stretch: str) -> tuple[str, ...]:
    """Return the tokens of a stretch of text, each the one string for that word."""
    return tuple(map(sys.intern, TOKEN.findall(stretch)))


def wikipedia(data_sets: Mapping[str, dict] | None = None) -> tuple[Text, ...]:
    """Return articles that English Wikipedia got in 2018, fetched once and counted.

    Paragraphs are kept, titles, headings and lists are not: a line stays if it has
    20 words or more and ends with a mark. An article of which no line stays is
    left out: 29,865 of the 48,023 are a title alone.

    Args:
        data_sets: A registry; the book's own by default.

    Returns:
        15,531 articles in the order of the files, of 4.9 million tokens.

    Raises:
        FieldDataError: A file cannot be had or is no file of articles, or the
            number of files or articles is not the registered one.

    Source:
        English Wikipedia, CC BY-SA 3.0 and GFDL. As [devlin2019bert],
        section 3.1, we take text passages alone; the 20 words are our own rule.
    """
    data_sets = registry() if data_sets is None else data_sets
    files = [read_articles(path) for path in fetch_all("wikipedia_2018", data_sets)]
    articles = tuple(chain.from_iterable(files))
    found = {"files": len(files), "articles": len(articles)}
    check_counts("wikipedia_2018", found, data_sets["wikipedia_2018"]["counts"])
    return tuple(article for article in articles if article.sentences)


def read_articles(path: Path) -> tuple[Text, ...]:
    """Return the articles in a file that WikiExtractor made, empty ones too.

    Args:
        path: File of articles, each between <doc id= url= title=> and </doc>: its
            title, an empty line, and a paragraph a line.

    Raises:
        FieldDataError: The file is not UTF-8, or something in it is no article or
            half of one.
    """
    *articles, rest = _decoded(path, "utf-8").split("</doc>")
    found = []
    for article in [*articles, rest] if rest.strip() else articles:
        head = ARTICLE.match(article.lstrip("\n"))
        if head is None or article is rest or article.count("<doc ") > 1:
            raise FieldDataError(
                f"{path}: {article.strip()[:60]!r} is no whole article; expected "
                '<doc id="…" url="…" title="…">, lines of text, </doc>'
            )
        body = article.lstrip("\n")[head.end() :]
        found.append(Text(html.unescape(head[1]), _passages(html.unescape(body))))
    return tuple(found)


def _passages(body: str) -> tuple[tuple[str, ...], ...]:
    """Return the sentences of an article's paragraphs."""
    found: list[tuple[str, ...]] = []
    for line in HOLE.sub("", TAG.sub(" ", body)).split("\n"):
        if len(line.split()) >= LONG and _is_closed(line):
            found += sentences(line)
    return tuple(found)


def gutenberg(
    data_sets: Mapping[str, dict] | None = None,
) -> dict[str, tuple[Text, ...]]:
    """Return twelve books of Project Gutenberg, fetched once and counted.

    Args:
        data_sets: A registry; the book's own by default.

    Returns:
        The chapters of each book in order, by name of the book, such as
        "moby_dick": 1.8 million tokens in all.

    Raises:
        FieldDataError: A file cannot be had or is no such book, or its counts of
            words and lines are not the registered ones.

    Source:
        Project Gutenberg; the books are in the public domain in the USA.
    """
    data_sets = registry() if data_sets is None else data_sets
    books = {}
    for name in filter(lambda name: name.startswith(BOOKS), data_sets):
        counts = data_sets[name]["counts"]
        (path,) = fetch_all(name, data_sets)
        text = _decoded(path, counts["encoding"])
        words = len(re.findall(r"\w+", text))
        check_counts(name, {"words": words, "lines": text.count("\n")}, counts)
        books[path.stem] = chapters(path.stem, text)
    return books


def chapters(name: str, text: str) -> tuple[Text, ...]:
    r"""Return the chapters of a book in Project Gutenberg's form.

    The licence before and after the book is cut off, and the book where three
    empty lines or more stand, as before each chapter. Headings and tables are left
    out: a paragraph stays if it ends with a mark and has no more capitals and
    digits than small letters. Title pages, a table of contents and notes of the
    transcriber are left out, too.

    Args:
        name: Name of the book; its chapters become "alice 1", "alice 2" and on.
        text: The file's text, its line ends as \n.

    Raises:
        FieldDataError: The text does not say where the book begins and ends.
    """
    start, stop = START.search(text), text.find(STOP)
    if start is None or stop < start.end():
        raise FieldDataError(
            f"{name} is no book of Project Gutenberg; expected its text between "
            "*** START OF THIS PROJECT GUTENBERG EBOOK … *** and *** END OF"
        )
    lines = re.sub(r"[ \t]+$", "", text[start.end() : stop], flags=re.MULTILINE)
    parts = map(_prose, re.split(r"\n{4,}", lines))
    # A part with hardly a sentence is a title page.
    kept = [part for part in parts if sum(map(len, part)) >= LONG]
    return tuple(Text(f"{name} {n}", part) for n, part in enumerate(kept, start=1))


def _prose(part: str) -> tuple[tuple[str, ...], ...]:
    """Return the sentences of one part of a book, without its heading."""
    heading, *others = paragraphs = re.split(r"\n{2,}", part.strip())
    if len(heading.split()) < LONG:
        paragraphs = [] if NOT_THE_BOOK.search(heading) else others
    found: list[tuple[str, ...]] = []
    for paragraph in paragraphs:
        small = sum(map(paragraph.count, ascii_lowercase))
        loud = sum(map(paragraph.count, ascii_uppercase + digits))
        if _is_closed(paragraph) and loud <= small:
            found += sentences(paragraph)
    return tuple(found)


def _is_closed(paragraph: str) -> bool:
    """Return whether a paragraph ends with a mark, quotation marks aside."""
    return paragraph.rstrip(" \"'”’)]}_*").endswith(tuple(".,;:!?—-"))


def _decoded(path: Path, encoding: str) -> str:
    r"""Return the text of a file, its line ends as \n."""
    try:
        return path.read_text(encoding)
    except UnicodeDecodeError as error:
        raise FieldDataError(f"{path} is not in {encoding}: {error.reason}") from error
