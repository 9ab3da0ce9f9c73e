"""Put the four lab cards behind the cell that explains cards: insert_cards.py NOTEBOOK"""
import sys, nbformat
nb = nbformat.read(sys.argv[1], 4)
at = next(i for i, c in enumerate(nb.cells) if c.source.startswith("Four claims were at stake"))
for k, id in enumerate(("c21ab0e1", "c22ab0e2", "c23ab0e3", "c24ab0e4"), 1):
    cell = nbformat.v4.new_code_cell(f'cards.claim("2.{k}", "lab")')
    cell.id = id
    nb.cells.insert(at + k, cell)
nbformat.write(nb, sys.argv[1])
