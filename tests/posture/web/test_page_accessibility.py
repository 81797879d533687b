"""What axe-core finds in the page: https://github.com/dequelabs/axe-core, as axe-playwright-python brings it."""

import json
from importlib import resources
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.posture.web.asking import measuring
from tests.posture.web.served import served
from tests.posture.web.test_page import NOBODY_THERE, PHONE
from tests.posture.web.visitor import SIDE, Visitor, visiting

AXE = resources.files("axe_playwright_python") / "axe.min.js"
# Of WCAG 2.2 all that a program can tell up to AA, and what axe calls best practice.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(visitor: Visitor) -> list[str]:
    """What is wrong with the page as it is now: each rule with what breaks it. What is in frames is not asked for."""
    how = {"runOnly": TAGS, "iframes": False, "resultTypes": ["violations"]}
    found: dict[str, Any] = visitor.page.evaluate(f"axe.run(document, {json.dumps(how)})")
    assert len(found["passes"]) > 10, "axe has looked"
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize(
    ("scheme", "size"),
    [("light", {"width": 1200, "height": 900}), ("dark", {"width": 1200, "height": 900}), ("light", PHONE)],
)
def test_axe_finds_nothing_in_any_state(browser: Browser, scheme: str, size: Any) -> None:
    # axe is put into the page, which the page's own policy forbids.
    how: dict[str, Any] = {"color_scheme": scheme, "viewport": size, "bypass_csp": True}
    with served(measuring()) as address, visiting(browser, address, **how) as visitor:
        visitor.page.add_script_tag(content=AXE.read_text(encoding="utf-8"))
        visitor.find("#settings summary").click()
        visitor.choose(front=NOBODY_THERE, side=SIDE)
        visitor.find("#measure").click()
        expect(visitor.find(".problem")).to_be_visible()
        assert violations(visitor) == [], "refused"
        visitor.measure()
        visitor.find("#keep").click()
        expect(visitor.find("#result")).to_be_hidden()
        visitor.measure()
        visitor.find("#adjust").click()
        visitor.drag("side", "near_hip", 30, 0)
        visitor.find('[data-view="side"] summary').click()
        assert violations(visitor) == [], "two visits, and a point that was moved"
        visitor.find("#report").click()
        expect(visitor.find("#paper")).to_be_visible()
        assert violations(visitor) == [], "a report"
