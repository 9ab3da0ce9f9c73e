"""Rewrite what is derived from the public address in pyproject.toml.

The address stands once, under [project.urls]. Launch buttons, the notebooks'
first cells, README and CITATION.cff repeat it, because each must work alone.

Usage: python tools/address.py [--check]
"""

import argparse
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DERIVED = ("book/_config.yml", "*.md", "*.cff", "book/*.md", "notebooks/*.ipynb")


def rewrite(text: str, repository: str, documentation: str, names: set[str]) -> str:
    """Return the text with every address of this project replaced.

    Args:
        text: A file's text.
        repository: Address such as "https://github.com/OWNER/road-to-bert".
        documentation: Address such as "https://OWNER.github.io/road-to-bert".
        names: What the repository is or was called; whose it was may be anyone.
    """
    slug = repository.removeprefix("https://github.com/")
    pages = documentation.removeprefix("https://")
    any_name = "|".join(map(re.escape, sorted(names)))
    ends = rf"(?:{any_name})(?![\w-])"
    # A Colab link holds the address as /github/owner/name.
    text = re.sub(rf"(github(?:\.com)?/)[\w.-]+/{ends}", rf"\g<1>{slug}", text)
    return re.sub(rf"[\w-]+\.github\.io/{ends}", pages, text)


def stale_files(root: Path = ROOT) -> dict[Path, str]:
    """Return what each file should hold that does not hold it yet."""
    urls = tomllib.loads((root / "pyproject.toml").read_text())["project"]["urls"]
    repository, documentation = urls["Repository"], urls["Documentation"]
    config = (root / "book/_config.yml").read_text()
    before = re.search(r"^  url: (\S+)$", config, flags=re.MULTILINE).group(1)
    names = {before.rsplit("/", 1)[1], repository.rsplit("/", 1)[1]}
    stale = {}
    for path in sorted(p for pattern in DERIVED for p in root.glob(pattern)):
        text = path.read_text(encoding="utf-8")
        wanted = rewrite(text, repository, documentation, names)
        if wanted != text:
            stale[path] = wanted
    return stale


def main() -> int:
    """Rewrite the stale files, or with --check only name them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only name stale files")
    check = parser.parse_args().check
    stale = stale_files()
    for path, text in stale.items():
        print("stale:" if check else "rewritten:", path.relative_to(ROOT))
        if not check:
            path.write_text(text, encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
