"""The solutions hidden in a chapter's exercises run, and what they assert holds."""

import re

import nbformat
from IPython.core.inputtransformer2 import TransformerManager

FENCE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def solutions(cells):
    """Return the code of each solution, in order."""
    prose = [cell.source for cell in cells if cell.cell_type == "markdown"]
    hidden = re.findall(r"<details>(.*?)</details>", "\n".join(prose), re.DOTALL)
    return [code for text in hidden for code in FENCE.findall(text)]


def test_every_solution_runs_after_the_chapter(notebook):
    cells = nbformat.read(notebook, as_version=4).cells
    found = solutions(cells)
    assert found, "no solution has code"
    namespace = {"__name__": "chapter"}
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    for source in [*code, *found]:
        exec(TransformerManager().transform_cell(source), namespace)
