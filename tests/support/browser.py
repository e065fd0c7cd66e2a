"""Debian's chromium, driven by playwright-core; both are there where `python tests` could install them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Self

__all__ = ["MODULES", "Browser", "missing"]

MODULES = Path(__file__).parents[2] / "tools/site"
_NAMES = ("chromium", "chromium-browser", "google-chrome")


def _program() -> str:
    return next((found for name in _NAMES if (found := shutil.which(name))), "")


def missing() -> str:
    """Return what a browser test lacks here; "" where everything is there."""
    if not _program():
        return "chromium is not installed"
    if shutil.which("node") is None:
        return "node is not installed"
    if not (MODULES / "node_modules/playwright-core").is_dir() or not (MODULES / "node_modules/axe-core").is_dir():
        return "playwright-core and axe-core are not installed: npm ci --ignore-scripts in tools/site"
    return ""


class Browser:
    """One browser with one page."""

    def __init__(self, profile: Path) -> None:
        script = Path(__file__).with_suffix(".mjs")
        self._process = subprocess.Popen(
            ["node", str(script), str(MODULES), _program(), str(profile)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def do(self, command: str, **options: Any) -> Any:
        """Return what the browser answers to a command of browser.mjs."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"command": command, **options}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the browser ended"
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def open(self, path: Path, *, fragment: str = "", **options: Any) -> Any:
        """Open a file; the result is `true` where the page's script ran to its end."""
        return self.do("open", url=path.resolve().as_uri() + (f"#{fragment}" if fragment else ""), **options)

    def eval(self, code: str) -> Any:
        """Return the value of a JavaScript expression."""
        return self.do("eval", code=code)

    def texts(self, selector: str) -> list[str]:
        """Return the texts of the visible elements that a selector finds."""
        code = (
            f"[...document.querySelectorAll({json.dumps(selector)})].filter((each) => each.checkVisibility())"
            ".map((each) => each.textContent.trim())"
        )
        found: list[str] = self.eval(code)
        return found
