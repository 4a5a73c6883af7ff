"""The outside programs: a browser that lays a page out and measures it, a LaTeX, a reader of PDF."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from html import escape, unescape
from pathlib import Path
from typing import Any

import pytest

#: A folder that keeps what the tests have seen, for people to look at.
SCREENSHOTS = os.environ.get("PARAMCALC_SCREENSHOTS")

_CHROMIUM = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip

#: What is measured of a page, in the page.
_MEASURE = """
const page = document.querySelector("iframe").contentDocument, view = page.defaultView, root = page.documentElement;
// what may be wider than a telephone, and scrolls on its own
const SCROLLS = ".paramcalc .wide, .paramcalc .equations > :nth-child(3n)";
const all = (selector) => [...page.querySelectorAll(selector)];
const box = (element) => element.getBoundingClientRect();
const probe = page.body.appendChild(page.createElement("div"));
probe.style.backgroundColor = "Canvas";
const paint = document.createElement("canvas").getContext("2d");
const fill = (colour) => { paint.fillStyle = colour; paint.fillRect(0, 0, 1, 1); };
const light = () => {
  const parts = [...paint.getImageData(0, 0, 1, 1).data].slice(0, 3)
    .map((part) => part / 255).map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
};
const contrast = (element) => {
  fill(view.getComputedStyle(probe).backgroundColor);
  const behind = light();
  fill(view.getComputedStyle(element).color);
  const before = light();
  return (Math.max(behind, before) + 0.05) / (Math.min(behind, before) + 0.05);
};
fill(view.getComputedStyle(probe).backgroundColor);
document.querySelector("pre").textContent = JSON.stringify({
  width: root.clientWidth, needed: root.scrollWidth, paper: light(),
  outside: all("body *").filter((each) => box(each).right > root.clientWidth + 1 && !each.closest(SCROLLS))
    .map((each) => each.tagName + ": " + each.textContent.slice(0, 40)),
  scrolled: all(SCROLLS).filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.textContent),
  formulas: all("math").length,
  unlaid: all("math").filter((each) => !(box(each).height > 3 && box(each).width > 3)).map((each) => each.outerHTML),
  foreign: all("math, math *").filter((each) => each.namespaceURI !== "http://www.w3.org/1998/Math/MathML").length,
  fractions: all("mfrac").map((each) => box(each.children[1]).top >= box(each.children[0]).bottom),
  raised: all("msup").map((each) => box(each.children[1]).bottom < box(each.children[0]).bottom),
  faint: all("p, th, td, h1, h2, span").filter((each) => contrast(each) < 4.5).map((each) => each.outerHTML),
  dangling: all("a").filter((each) => !page.getElementById(decodeURIComponent(each.hash.slice(1))))
    .map((each) => each.outerHTML),
  sideways: all(".paramcalc th, .paramcalc td").filter((each) => view.getComputedStyle(each).textAlign
    !== (each.classList.contains("number") ? "right" : "left")).map((each) => each.outerHTML),
  heights: all("h1, .total, .contents, details:not(.contents)").map((each) => box(each).top),
  headings: all("h1, h2, h3, h4, h5, h6").map((each) => Number(each.tagName[1])),
});
"""


def tool(name: str) -> str:
    """The path of a program. Where there is none, a test is skipped; but never in CI."""
    path = shutil.which(name)
    if path is None:
        message = f"{name} is not installed: .ci/tools lists what these tests need"
        pytest.fail(message) if "CI" in os.environ else pytest.skip(message)
    return path


def looked_at(page: str, name: str, folder: Path, width: int, dark: bool = False) -> dict[str, Any]:
    """The measures of a page in a window of this width; its screenshot is kept."""
    shell = folder / f"{name}.html"
    height = 900 + 12 * len(re.findall("<(?:p|tr|math|details)\\b", page))
    shell.write_text(
        f'<!DOCTYPE html><meta charset="utf-8"><style>:root {{ color-scheme: light dark }} body {{ margin: 0 }}'
        f" iframe {{ border: 0 }} pre {{ display: none }}</style>"
        f'<iframe width="{width}" height="{height}" srcdoc="{escape(page)}"></iframe><pre></pre>'
        f'<script>document.querySelector("iframe").addEventListener("load", () => {{{_MEASURE}}})</script>',
        encoding="utf-8",
    )
    scheme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
    screenshot = folder / f"{name}.png"
    dom = _chromium(
        folder, scheme, f"--window-size={max(width, 500)},{min(height, 8000)}", f"--screenshot={screenshot}",
        "--dump-dom", shell.as_uri(),
    )  # fmt: skip
    assert screenshot.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    if SCREENSHOTS:
        Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
        shutil.copy(screenshot, SCREENSHOTS)
    measured: dict[str, Any] = json.loads(unescape(dom.rpartition("<pre>")[2].partition("</pre>")[0]))
    return measured


def on_paper(page: str, name: str, folder: Path) -> str:
    """The text of a page as it is printed."""
    shell, paper = folder / f"{name}.html", folder / f"{name}.pdf"
    shell.write_text(page, encoding="utf-8")
    _chromium(folder, "--no-pdf-header-footer", f"--print-to-pdf={paper}", shell.as_uri())
    if SCREENSHOTS:
        Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
        shutil.copy(paper, SCREENSHOTS)
    return text_of(paper)


def _chromium(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [tool("chromium"), *_CHROMIUM, f"--user-data-dir={folder / 'profile'}", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


def text_of(paper: Path) -> str:
    """The words of a PDF."""
    command = [tool("pdftotext"), "-layout", str(paper), "-"]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def places_of(paper: Path, word: str) -> list[tuple[float, float]]:
    """Where a word of a PDF stands: its left and its upper end, in points."""
    command = [tool("pdftotext"), "-bbox", str(paper), "-"]
    boxes = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    found = re.findall(rf'<word xMin="([\d.]+)" yMin="([\d.]+)"[^>]*>{re.escape(word)}</word>', boxes)
    return [(float(left), float(top)) for left, top in found]


def compiled(text: str, name: str, folder: Path) -> tuple[Path, list[str]]:
    """The PDF of a document in LaTeX, and what its log complains of."""
    (folder / f"{name}.tex").write_text(text, encoding="utf-8")
    command = [tool("pdflatex"), "-interaction=nonstopmode", "-halt-on-error", f"{name}.tex"]
    done = subprocess.run(command, capture_output=True, cwd=folder, timeout=120)
    log = (folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")
    assert done.returncode == 0, log[-2000:]
    return folder / f"{name}.pdf", re.findall(r"^.*(?:Warning|Overfull|Underfull|Missing|^!).*$", log, re.MULTILINE)
