"""Let plain Markdown notebooks link to the bibliography and number equations.

The notebooks read the same in Jupyter, in Colab and in the book, so they hold
no roles and no directives. Two things that are plain Markdown there need a
little help to come out right here.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


def keep_tagged_equations_whole(app: Sphinx, doctree: nodes.document) -> None:
    r"""Keep Sphinx from wrapping `$$ ... \\ ... \tag{2.1} $$` in `split`.

    It does so for every equation with a line break; the book's equations bring
    their own `aligned`, and MathJax refuses a tag inside `split`.
    """
    for equation in doctree.findall(nodes.math_block):
        if r"\tag" in equation.astext():
            whole = rf"\[{equation.astext()}\]"
            equation.children = [nodes.Text(whole)]
            equation["nowrap"] = True


def offer_citations_as_anchors(app: Sphinx, env: BuildEnvironment) -> None:
    """Let `[...](../book/bibliography.md#key)` find the entry of that key.

    MyST looks for such an anchor among the page's headings only; a key that is
    not in the bibliography still is a warning, and so fails the build.
    """
    for citation in env.get_domain("cite").citations:
        anchors = env.metadata[citation.bibliography_key.docname].setdefault(
            "myst_slugs", {}
        )
        anchors[citation.citation_id] = (0, citation.citation_id, citation.key)


def setup(app: Sphinx) -> dict:
    """Connect both to the build."""
    app.connect("doctree-read", keep_tagged_equations_whole)
    # After sphinxcontrib-bibtex, which collects the citations at 500.
    app.connect("env-updated", offer_citations_as_anchors, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
