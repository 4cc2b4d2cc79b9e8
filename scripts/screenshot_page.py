"""The address of a server over seeds/ in, docs/page.png out: an answer with the source of its first sentence beside it.

make serve
.venv/bin/python scripts/screenshot_page.py http://127.0.0.1:8000
"""

import shutil
import sys
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

PICTURE = Path(__file__).parent.parent / "docs" / "page.png"
QUESTION = "who was sanctioned on 4 September 2025?"


def main(url: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme="light", reduced_motion="reduce")
        page.goto(url)
        page.fill("#question", QUESTION)
        page.press("#question", "Enter")
        page.click("[data-state=said] .cite[data-marker='1']")
        page.wait_for_selector("#cited-span")
        shot = Image.open(BytesIO(page.screenshot()))
        browser.close()
    shot.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1])
