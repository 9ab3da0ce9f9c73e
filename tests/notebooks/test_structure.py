"""Every chapter has the same shape, and reads the same wherever it is opened."""

import ast
import re
import tomllib

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

HEADINGS = [
    "What was stuck",
    "The idea",
    "By hand",
    "The real code",
    "In the lab",
    "In the field",
    "Turn the knob",
    "Break it",
    "What it could not do",
    "Summary",
    "Exercises",
    "Further reading",
]
FIRST_CELL = """\
# On Colab, install the book's companion package; elsewhere it is there already.
try:
    import companion
except ModuleNotFoundError:
    %pip install --quiet git+{repository}"""
CODE_LINES = 15
PROSE_WORDS = 120
# Roles, directives, colon fences, targets and comments show raw outside the book.
MYST = re.compile(r"\{[\w:.+-]+\}`|^`{3,}\s*\{|^:{3,}|^\([\w-]+\)=|^%\s", re.MULTILINE)


@pytest.fixture(scope="module")
def cells(notebook):
    return nbformat.read(notebook, as_version=4).cells


@pytest.fixture(scope="module")
def code(cells):
    return [cell.source for cell in cells if cell.cell_type == "code"]


@pytest.fixture(scope="module")
def prose(cells):
    return [cell.source for cell in cells if cell.cell_type == "markdown"]


def headings(prose, level):
    # A comment in a fenced block is no heading.
    text = re.sub(r"^```.*?^```", "", "\n".join(prose), flags=re.MULTILINE | re.DOTALL)
    return re.findall(rf"^{'#' * level} (.+?)\s*$", text, flags=re.MULTILINE)


def section(prose, title):
    text = "\n\n".join(prose)
    return re.search(rf"^## {title}$(.*?)(?=^## |\Z)", text, re.M | re.S).group(1)


def calls(code, function):
    """Return the keyword arguments of each `show.<function>(...)`, in order."""
    found = []
    for source in code:
        tree = ast.parse(TransformerManager().transform_cell(source))
        nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        nodes.sort(key=lambda node: (node.lineno, node.col_offset))
        for node in nodes:
            if ast.unparse(node.func) == f"show.{function}":
                found.append({kw.arg: kw.value for kw in node.keywords})
    return found


def test_it_opens_with_title_question_and_what_you_can_do_afterwards(cells, prose):
    assert cells[0].cell_type == "markdown"
    assert cells[0].source.startswith("# ")
    assert len(headings(prose, 1)) == 1
    assert "After this chapter you can" in cells[0].source


def test_the_headings_are_the_books_in_the_books_order(prose):
    assert headings(prose, 2) == HEADINGS


def test_the_first_code_cell_installs_the_companion_from_the_public_address(code, root):
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    repository = project["urls"]["Repository"]
    assert code[0] == FIRST_CELL.format(repository=repository)


def test_no_output_and_no_execution_count_is_committed(cells):
    for cell in cells:
        if cell.cell_type == "code":
            assert cell.outputs == [], cell.source
            assert cell.execution_count is None, cell.source


def test_every_cell_has_an_id_of_its_own(notebook, cells):
    raw = nbformat.reader.reads(notebook.read_text(encoding="utf-8"))
    ids = [cell.get("id") for cell in raw.cells]
    assert all(ids)
    assert len(set(ids)) == len(cells)


def test_code_cells_are_short(code):
    long = [source for source in code if len(source.splitlines()) > CODE_LINES]
    assert not long, f"more than {CODE_LINES} lines:\n" + "\n---\n".join(long)


def test_prose_cells_are_short(prose):
    # A solution or a table has its own length.
    running = [text for text in prose if "<details" not in text and "\n|" not in text]
    long = [text for text in running if len(text.split()) > PROSE_WORDS]
    assert not long, f"more than {PROSE_WORDS} words:\n" + "\n---\n".join(long)


@pytest.mark.parametrize(
    ("function", "required"),
    [("figure", {"number", "caption", "alt"}), ("table", {"number", "caption"})],
)
def test_figures_and_tables_have_their_texts_and_ascending_numbers(
    notebook, code, function, required
):
    chapter = int(notebook.stem.split("_")[0])
    numbers = []
    for keywords in calls(code, function):
        assert required <= set(keywords), f"show.{function} lacks {required}"
        number = ast.literal_eval(keywords["number"])
        assert number.split(".")[0] == str(chapter)
        numbers.append(int(number.split(".")[1]))
    assert numbers == list(range(1, len(numbers) + 1))


def test_there_is_a_figure(code):
    assert calls(code, "figure")


def test_plain_markdown_only(prose):
    for text in prose:
        assert not MYST.search(text), text


def test_equations_are_numbered_in_order(notebook, prose):
    chapter = int(notebook.stem.split("_")[0])
    tags = re.findall(r"\\tag\{(.+?)\}", "\n".join(prose))
    assert tags == [f"{chapter}.{place}" for place in range(1, len(tags) + 1)]
    assert tags


def test_there_are_four_to_six_exercises_each_with_a_hidden_solution(notebook, prose):
    chapter = int(notebook.stem.split("_")[0])
    parts = re.split(r"\*\*Exercise ([\d.]+)", section(prose, "Exercises"))
    numbers, texts = parts[1::2], parts[2::2]
    assert 4 <= len(numbers) <= 6
    assert [n.rstrip(".") for n in numbers] == [
        f"{chapter}.{place}" for place in range(1, len(numbers) + 1)
    ]
    for number, text in zip(numbers, texts, strict=True):
        assert "<details>" in text, f"exercise {number} has no solution"


def test_hidden_solutions_close_in_their_cell_and_keep_their_markdown(prose):
    for text in prose:
        assert text.count("<details") == text.count("</details>"), text
        # Without an empty line Markdown inside shows raw.
        for after in re.findall(r"</summary>(\n*)", text):
            assert len(after) >= 2, text


def test_citations_lead_to_entries_of_the_bibliography(prose, root):
    keys = set(
        re.findall(r"@\w+\{([^,\s]+)", (root / "book/references.bib").read_text())
    )
    cited = re.findall(r"bibliography\.md#([\w-]+)", "\n".join(prose))
    assert cited
    assert set(cited) <= keys
