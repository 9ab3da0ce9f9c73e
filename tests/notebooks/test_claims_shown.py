"""Every claim is shown, as a card, in the chapter that measures it."""

import ast

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

from companion.records import claims

CLAIMS = claims.claims()


def shown(path):
    """Return (id, world) of each card that a notebook's cells show, in order."""
    found = []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            tree = ast.parse(TransformerManager().transform_cell(cell.source))
            for node in ast.walk(tree):
                if (
                    isinstance(node, ast.Call)
                    and ast.unparse(node.func) == "cards.claim"
                ):
                    name, *world = (one.value for one in node.args)
                    found.append((name, *(world or ["field"])))
    return found


def test_a_chapter_shows_its_own_claims_alone_and_in_order(notebook):
    own = [
        (name, world)
        for world in claims.WORLDS
        for name, claim in CLAIMS.items()
        if claim.notebook == notebook.stem and getattr(claim, world)
    ]
    assert shown(notebook) == own


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_s_chapter_exists(name, root):
    assert (root / "notebooks" / f"{CLAIMS[name].notebook}.ipynb").exists()
