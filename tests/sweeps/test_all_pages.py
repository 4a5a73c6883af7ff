"""The examples of every page of the documentation print what the page shows."""

from pathlib import Path

import pytest

from tests.refresh_documentation import executed, pages

pytestmark = pytest.mark.sweep


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_examples_print_what_the_page_shows(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert executed(text) == text, "if the new output is right: python -m tests.refresh_documentation"
