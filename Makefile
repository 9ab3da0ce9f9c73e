# The book's commands. All of them set up .venv first, if it is not there yet.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
READY := .venv/ready
FRESH := _build/companion
SOURCES := $(shell find src/companion book/_* -type f -not -name '*.pyc')
# What is in the repository, or would be after `git add`.
FILES = git ls-files --cached --others --exclude-standard
# Shipped weights may be larger than other files: a test limits their sum.
NO_WEIGHTS := ':(exclude,glob)src/companion/pretrained/*.safetensors'

.PHONY: setup book test notebooks colab lint field pretrain address serve clean

setup: $(READY)

$(READY): requirements.txt constraints.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet -r requirements.txt -c constraints.txt
	$(BIN)/pip install --quiet --no-deps -e .
	touch $@

book: $(READY) $(FRESH)
	$(BIN)/jupyter-book build . --config book/_config.yml --toc book/_toc.yml -W -n --keep-going

# Executed notebooks are cached by their own text alone: when the package behind
# them changes, a page would keep what the old code said. Nor does Sphinx look for
# changes of style alone.
$(FRESH): $(SOURCES)
	rm -rf _build
	mkdir _build
	touch $@

test: $(READY)
	$(BIN)/pytest --nbval-lax --nbval-current-env src tests notebooks

notebooks: $(READY)
	$(BIN)/pytest --nbval-lax --nbval-current-env notebooks

# Colab's conditions: a fresh environment with the ranges of pyproject.toml.
colab: $(READY)
	$(BIN)/pytest -m colab tests/notebooks

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/codespell
	$(BIN)/nbstripout --verify --keep-id notebooks/*.ipynb
	$(FILES) -z '*.yml' '*.yaml' '*.cff' | xargs -0 $(BIN)/check-yaml
	$(FILES) -z '*.toml' | xargs -0 $(BIN)/check-toml
	$(FILES) -z $(NO_WEIGHTS) | xargs -0 $(BIN)/check-added-large-files --enforce-all --maxkb=500

# Whatever is out of date among the recorded experiments: minutes to hours, and data.
field: $(READY)
	$(BIN)/companion run

# The checkpoints that the package ships, trained again: minutes each.
pretrain: $(READY)
	$(BIN)/companion pretrain

# Rewrite what is derived from the public address in pyproject.toml.
address: $(READY)
	$(BIN)/python tools/address.py

serve: book
	$(BIN)/python -m http.server --directory _build/html 8000

clean:
	rm -rf _build .venv build .pytest_cache .ruff_cache src/*.egg-info
