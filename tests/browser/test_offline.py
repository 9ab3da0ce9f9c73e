"""What a reader's browser sees of the built book, with no internet behind it."""

import functools
import os
import shutil
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "_build/html"
PAGES = sorted(
    str(path.relative_to(BUILT))
    for path in BUILT.rglob("*.html")
    if "_static" not in path.parts
)
CHAPTERS = [page for page in PAGES if page.startswith("notebooks/")]
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# MathJax writes an unknown command in red, and other mistakes as an error.
BROKEN = "mjx-merror, [data-mjx-error], mjx-container [style*='color: red']"
PHONE = {"width": 390, "height": 844}
# Elements that reach beyond the page and lie in no box that scrolls or clips.
TOO_WIDE = """() => [...document.querySelectorAll('main *')].filter(element => {
  const edge = document.documentElement.clientWidth + 1;
  if (element.getBoundingClientRect().right <= edge) return false;
  for (let box = element; box; box = box.parentElement)
    if (['auto', 'scroll', 'hidden'].includes(getComputedStyle(box).overflowX))
      return false;
  return true;
}).map(element => element.outerHTML.slice(0, 120))"""


def missing():
    if not PAGES:
        return "the book is not built; `make book` ends this skip"
    if CHROMIUM is None:
        return "no Chromium; `apt-get install chromium` ends this skip"
    return None


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module", autouse=True)
def requirements():
    if missing() and os.environ.get("REQUIRE_BROWSER"):
        pytest.fail(missing())
    if missing():
        pytest.skip(missing())


@pytest.fixture(scope="module")
def address():
    handler = functools.partial(QuietHandler, directory=BUILT)
    with ThreadingHTTPServer(("localhost", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser, address):
    """Return a page that notes, and refuses, what it asks of other hosts."""
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    page.foreign, page.errors = [], []

    def guard(route):
        if route.request.url.startswith(address):
            return route.continue_()
        page.foreign.append(route.request.url)
        return route.abort()

    context.route(lambda url: url.startswith(("http", "ws")), guard)
    page.on("console", lambda m: m.type == "error" and page.errors.append(m.text))
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    yield page
    context.close()


def visit(page, url):
    page.goto(url, wait_until="load")
    page.wait_for_function("!window.MathJax || MathJax.startup?.promise")
    page.evaluate("window.MathJax?.startup?.promise.then(() => true)")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_nothing_of_another_host_and_has_no_error(page, address, name):
    visit(page, f"{address}/{name}")
    page.wait_for_load_state("networkidle")
    assert page.foreign == []
    assert page.errors == []


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_a_telephone(page, address, name):
    visit(page, f"{address}/{name}")
    assert page.evaluate(TOO_WIDE) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("name", PAGES)
def test_every_equation_is_rendered(page, address, name):
    visit(page, f"{address}/{name}")
    written = page.locator(".math").count()
    assert page.locator(".math mjx-container").count() >= written
    assert page.locator(BROKEN).count() == 0


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_image_has_loaded_and_has_alternative_text(page, address, name):
    visit(page, f"{address}/{name}")
    images = page.evaluate(
        "[...document.querySelectorAll('.bd-article img')]"
        ".map(image => [image.naturalWidth, image.alt])"
    )
    assert images
    for width, alt in images:
        assert width > 0
        assert alt.strip()


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_citation_jumps_to_its_entry_in_the_bibliography(page, address, name):
    visit(page, f"{address}/{name}")
    hrefs = page.evaluate(
        "[...document.querySelectorAll('a[href*=\"bibliography.html#\"]')]"
        ".map(link => link.href)"
    )
    assert hrefs
    visit(page, hrefs[0].split("#")[0])
    for href in sorted(set(hrefs)):
        entry = page.locator(f"[id='{href.split('#')[1]}']")
        assert entry.count() == 1, href
        assert entry.inner_text().strip()


def test_search_finds_a_word_of_the_book(page, address):
    visit(page, f"{address}/search.html?q=perplexity")
    page.wait_for_selector("#search-results li a", timeout=10_000)
    assert page.foreign == []


def test_there_is_one_search_field_to_see(page, address):
    page.set_viewport_size({"width": 1280, "height": 900})
    visit(page, f"{address}/{CHAPTERS[0]}")
    fields = page.locator(".search-button-field, .search-button, .bd-search")
    visible = [field for field in fields.all() if field.is_visible()]
    assert len(visible) == 1
