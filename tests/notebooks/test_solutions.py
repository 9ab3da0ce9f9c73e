"""The solutions hidden in a chapter's exercises run, and print what they say."""

import io
import re
from contextlib import redirect_stdout

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from nbformat.v4 import new_code_cell, new_markdown_cell

# A block of Python, and what it prints if a block of text comes next.
FENCE = re.compile(
    r"^```python\n(.*?)^``` *$(?:\s*^```text\n(.*?)^``` *$)?",
    re.MULTILINE | re.DOTALL,
)


def solutions(cells):
    """Return each solution's code and what it should print (or None), in order."""
    prose = [cell.source for cell in cells if cell.cell_type == "markdown"]
    hidden = re.findall(r"<details>(.*?)</details>", "\n".join(prose), re.DOTALL)
    blocks = [block for text in hidden for block in FENCE.finditer(text)]
    return [block.groups() for block in blocks]


def lines(text):
    """Return the lines of a text without trailing blanks and empty lines."""
    return [line.rstrip() for line in text.rstrip().splitlines()]


def run(cells):
    """Run a chapter, then its solutions, and compare what these print."""
    namespace = {"__name__": "chapter"}

    def execute(source):
        with redirect_stdout(io.StringIO()) as printed:
            exec(TransformerManager().transform_cell(source), namespace)
        return printed.getvalue()

    for cell in cells:
        if cell.cell_type == "code":
            execute(cell.source)
    for source, expected in solutions(cells):
        printed = execute(source)
        if expected is not None:
            assert lines(printed) == lines(expected), f"printed otherwise:\n{source}"


def chapter(*solution):
    """Return the cells of a chapter that has one exercise."""
    text = ["**Exercise 1.1.**", "<details><summary>Solution</summary>", ""]
    prose = "\n".join([*text, *solution, "</details>"])
    return [new_code_cell("x = 2"), new_markdown_cell(prose)]


def test_every_solution_runs_after_the_chapter(notebook):
    cells = nbformat.read(notebook, as_version=4).cells
    assert solutions(cells), "no solution has code"
    run(cells)


CODE = ["```python", "print(x)", "print('  y  ')", "```"]


def test_what_a_solution_prints_is_compared_but_for_trailing_blanks():
    printed = ["2  ", "  y", "", "```"]
    run(chapter(*CODE, "```text", *printed))
    run(chapter(*CODE, "", "", "```text", *printed))


@pytest.mark.parametrize("wrong", [["3", "  y"], ["2"], ["2", "y"], ["2", "  y", "z"]])
@pytest.mark.parametrize("between", [[], ["", ""]])
def test_a_solution_that_prints_something_else_is_caught(wrong, between):
    cells = chapter(*CODE, *between, "```text", *wrong, "```")
    with pytest.raises(AssertionError, match="printed otherwise"):
        run(cells)


def test_a_text_belongs_to_the_code_right_before_it():
    cells = chapter(*CODE, *CODE, "```text", "2", "```", "In words:", *CODE)
    assert [text for _, text in solutions(cells)] == [None, "2\n", None]
    apart = chapter(*CODE, "It is not this:", "```text", "3", "```")
    assert [text for _, text in solutions(apart)] == [None]


def test_a_solution_whose_assertion_fails_is_caught():
    with pytest.raises(AssertionError, match="two is not three"):
        run(chapter("```python", "assert x == 3, 'two is not three'", "```"))
