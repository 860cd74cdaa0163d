"""Photograph the user interfaces for README.md: the lineage in the Dagster UI, and an answer in the chat page.

Run `make demo` and `make ui`, then `python docs/figures/screens.py`. A test compares the groups below with those of
the assets, so that a group that is new is noticed; then take the pictures again.
"""

import shutil
from pathlib import Path

GROUPS = ("adaptation", "documents", "evaluation", "graph", "ingest", "models", "operations", "promotion")
QUESTION = "How do I copy a folder?"
IMAGES = Path(__file__).resolve().parents[1] / "images"
LINEAGE = "http://127.0.0.1:3000/asset-groups"
CHAT = "http://127.0.0.1:8080/"


def main() -> None:
    """Write `docs/images/assets.png` and `docs/images/chat.png`."""
    from playwright.sync_api import expect, sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1700, "height": 760}, locale="en-US")
        page.goto(LINEAGE)
        for group in GROUPS:
            expect(page.get_by_text(group, exact=True).first).to_be_visible(timeout=60_000)
        page.screenshot(path=IMAGES / "assets.png", animations="disabled")
        page = browser.new_page(viewport={"width": 1360, "height": 720}, locale="en-US")
        page.goto(CHAT)
        page.get_by_label("Question", exact=True).fill(QUESTION)
        page.keyboard.press("Enter")
        page.locator("article[aria-busy=false]").last.wait_for()
        page.locator(".sentence .cite").last.hover()
        expect(page.get_by_role("tooltip").locator("mark")).to_be_visible()
        page.screenshot(path=IMAGES / "chat.png", animations="disabled")
        browser.close()


if __name__ == "__main__":
    main()
