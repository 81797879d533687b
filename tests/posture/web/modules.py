"""The page's modules in a browser, under a Content-Security-Policy as strict as can be."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, Route

from testing import TOP

SECURE, INSECURE = "http://localhost", "http://posture.test"
FOLDER = TOP / "posture" / "web" / "page"
_TYPES = {"css": "text/css", "js": "text/javascript"}
_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; require-trusted-types-for 'script'; trusted-types"


@contextmanager
def page_with(
    browser: Browser, html: str = "", script: str = "", origin: str = SECURE, **context: Any
) -> Iterator[Page]:
    """An empty page with this in its body, which can import /page/*.js; at the end nothing has gone wrong in it.

    `script`: runs before anything else. `context`: of the browser's, such as `viewport`.
    """
    wrong: list[str] = []

    def answer(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        if name:
            route.fulfill(path=FOLDER / name, content_type=_TYPES[name.rpartition(".")[2]])
        else:
            page_ = f'<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">{html}'
            route.fulfill(body=page_, content_type="text/html", headers={"Content-Security-Policy": _POLICY})

    with browser.new_page(**context) as page:
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.add_init_script(script)
        page.route(f"{origin}/**", answer)
        page.goto(f"{origin}/")
        yield page
    assert wrong == []
