"""Run the chapter and its solutions; write what solutions print into their text blocks.

Usage: python refresh.py NOTEBOOK   (PYTHONPATH = the tree's src)
"""
import io, re, sys, time
from contextlib import redirect_stdout
import nbformat
from IPython.core.inputtransformer2 import TransformerManager
import os; os.environ.setdefault("MPLBACKEND", "Agg")
path = sys.argv[1]; nb = nbformat.read(path, 4); ns = {"__name__": "chapter"}
FENCE = re.compile(r"(^```python\n(.*?)^``` *$)(\s*^```text\n)(.*?)(^``` *$)|(^```python\n(.*?)^``` *$)", re.M | re.S)
import ast
def execute(src, echo=False):
    src = TransformerManager().transform_cell(src)
    out = io.StringIO()
    with redirect_stdout(out):
        tree = ast.parse(src); last = None
        if echo and tree.body and isinstance(tree.body[-1], ast.Expr):
            last = ast.Expression(tree.body.pop().value)
        exec(compile(tree, "cell", "exec"), ns)
        if last is not None:
            v = eval(compile(last, "cell", "eval"), ns)
            if v is not None: print(repr(v)); ns.setdefault("_shown", []).append(v)
    return out.getvalue()
t0 = time.time()
for i, c in enumerate(nb.cells):
    if c.cell_type == "code":
        t = time.time(); o = execute(c.source, True)
        print(f"--- {i} {c.id} {time.time()-t:.1f}s"); print(o)
print("TOTAL", time.time() - t0)
for v in ns.get("_shown", []):
for c in nb.cells:
    if c.cell_type == "markdown" and "<details>" in c.source:
        def fix(m):
            if m[6]: execute(m[7]); return m[0]
            o = execute(m[2]); print(o); o = "\n".join(x.rstrip() for x in o.rstrip().splitlines())
            return m[1] + m[3] + o + "\n" + m[5]
        c.source = FENCE.sub(fix, c.source)
nbformat.write(nb, path); print("refreshed", time.time() - t0)
