"""Every claim is shown, as a card, in the chapter that measures it."""

import ast

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

from companion.records import claims

CLAIMS = claims.claims()


def shown(path):
    """Return the ids that a notebook's cells give to `cards.claim`, in order."""
    found = []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            tree = ast.parse(TransformerManager().transform_cell(cell.source))
            found += [
                node.args[0].value
                for node in ast.walk(tree)
                if isinstance(node, ast.Call)
                and ast.unparse(node.func) == "cards.claim"
            ]
    return found


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_has_a_card_in_its_chapter(name, root):
    path = root / "notebooks" / f"{CLAIMS[name].notebook}.ipynb"
    assert path.exists()
    assert shown(path).count(name) == 1


def test_a_chapter_shows_its_own_claims_alone_and_in_order(notebook):
    own = [name for name, claim in CLAIMS.items() if claim.notebook == notebook.stem]
    assert shown(notebook) == own
