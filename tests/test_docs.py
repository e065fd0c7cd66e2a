"""The documentation: generated pages are up to date, links resolve, and the program takes every command line."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from dirac_forge.cli import main, running
from dirac_forge.cli.options import Options
from dirac_forge.cli.program import COMMANDS, usage_of
from dirac_forge.pullrequest.outcome import OutcomeState
from reference import FOLDER, pages

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md"])
GENERATED = {FOLDER / name for name in pages()}


def command_lines(path: Path) -> list[str]:
    """The lines of console blocks that run dirac-forge, without comments and prompts."""
    text = path.read_text(encoding="utf-8")
    blocks = re.findall(r"^[ ]*```console\n(.*?)^[ ]*```", text, re.MULTILINE | re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    found = [part.strip() for line in lines for part in line.split("&&")]
    return [line for line in found if re.match(r"(\S*/)?dirac-forge\b", line)]


def examples() -> list[str]:
    functions = [function for name in COMMANDS for function in _functions(usage_of(name))]
    return [line for function in functions for line in function.examples]


def _functions(usage: Any) -> list[Any]:
    return list(getattr(usage, "functions", {}).values()) or [usage]


LINES = sorted({*examples(), *(line for path in PAGES for line in command_lines(path))})


@pytest.mark.parametrize("name", sorted(pages()))
def test_generated_pages_are_up_to_date(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == pages()[name], "run: PYTHONPATH=src python tests/reference.py"


def test_there_are_examples_for_every_command() -> None:
    assert [name for name in COMMANDS for function in _functions(usage_of(name)) if not function.examples] == []


def test_examples_in_help_fit_into_a_terminal_of_80_columns() -> None:
    assert [line for line in examples() if len(line) > 78] == []  # they are indented by two


@pytest.mark.parametrize("line", LINES)
def test_command_line_is_taken_by_the_program(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []

    def run(function: Callable[..., int], options: Options, values: dict[str, Any]) -> int:
        ran.append(function.__name__)
        return 0

    monkeypatch.setattr(running, "run_command", run)
    words = shlex.split(line.partition(" > ")[0], comments=True)
    assert main(words[1:]) == 0
    assert ran or {"--help", "--version", "help"} & set(words)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_to_files(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text)]
    missing = [target for target in targets if target and "://" not in target and not (path.parent / target).exists()]
    assert missing == []


@pytest.mark.parametrize("state", [*get_args(OutcomeState), "written", "unchanged", "differs"])
def test_statuses_are_on_the_page_of_results(state: str) -> None:
    assert f"`{state}`" in (FOLDER / "results.md").read_text(encoding="utf-8")


def test_every_page_is_in_the_navigation() -> None:
    class Loader(yaml.SafeLoader):
        pass

    document = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), Loader)  # a safe loader
    listed: list[str] = []

    def collect(node: Any) -> None:
        if isinstance(node, str):
            listed.append(node)
        for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            collect(each)

    collect(document["nav"])
    assert sorted(listed) == sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
