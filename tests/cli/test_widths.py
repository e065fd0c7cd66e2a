"""Results fit the terminal: at every width no line is too long and no word is broken."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import RenderableType

from dirac_forge.cli import context, main
from dirac_forge.cli.console import print_result
from support.channel import pkg, pythons, write_channel

WIDTHS = (60, 80, 100, 200)
NAMES = [f"package-with-a-long-name-{number}" for number in range(12)]
RECIPE = """\
package:
  name: {name}
  version: "1.0"
source:
  url: https://example.org/{name}-1.0.tar.gz
  sha256: {hash}
build:
  number: 0
requirements:
  host:
{host}
"""
SETTINGS = """\
[tool.dirac-forge]
channels = ["channel"]
platforms = ["linux-64", "linux-aarch64"]
[tool.dirac-forge.targets.everything]
specs = ["package-with-a-long-name-0", "package-with-a-long-name-1"]
[tool.dirac-forge.targets.impossible-since-its-pins-exclude-each-other]
specs = ["package-with-a-long-name-2", "library >=2"]
"""
DIFF = ("+", "@")
"""How lines of a diff start: they are for copying."""
COMMANDS = {
    "check": 1,
    "check -v": 1,
    "check --with package-with-a-long-name-3": 1,
    "check packge-with-a-long-name-1": 1,
    "check environment.yml": 1,
    "check environment.yml --since 30d": 1,
    "migrate list": 0,
    "migrate plan library2": 0,
    "migrate plan library2 --target everything": 0,
    "migrate plan --add-platform linux-ppc64le --target everything": 3,
    "migrate status library2": 0,
    "migrate status library2 -v": 0,
    "migrate next library2": 0,
    "migrate why library2 package-with-a-long-name-5": 0,
    "migrate run library2": 0,
    "validate feedstocks/library/recipe/recipe.yaml migrations/library2.yaml pyproject.toml": 0,
    "lock small.yml --output small.lock": 0,
    "lock environment.yml": 1,
    "snapshot everything --output of-everything": 0,
    "bot outbox": 0,
    "bot why package-with-a-long-name-3": 1,
    "doctor --offline": 0,
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("w")
    builds = [pkg("library 1.4"), pkg("library 2.0"), *pythons("3.12", "3.13")]
    builds += [pkg(f"{name} 1.0", "library >=1.4,<2.0a0", f"{NAMES[max(at - 1, 0)]}") for at, name in enumerate(NAMES)]
    builds = [{**each, "sha256": "a" * 64} for each in builds]  # a lock has packages with hashes only
    write_channel(folder / "channel", {"linux-64": builds, "linux-aarch64": builds[:-3]})
    for name in ("library", *NAMES):
        recipe = folder / "feedstocks" / name / "recipe" / "recipe.yaml"
        recipe.parent.mkdir(parents=True)
        host = "    - library" if name != "library" else "    - make"
        recipe.write_text(RECIPE.format(name=name, host=host, hash="a" * 64), encoding="utf-8")
    (folder / "migrations").mkdir()
    pins = "".join(f"{name.replace('-', '_')}:\n- '2'\n" for name in ("library", *NAMES[6:]))
    head = "__migrator:\n  kind: version\n  migration_number: 1\n  commit_message: Rebuild for a library of "
    for number, keys in ((2, "library:\n- '2'\n"), (3, pins)):
        text = f"{head}{'long words ' * number * 5}\n{keys}migrator_ts: 1700000000\n"
        (folder / f"migrations/library{number}.yaml").write_text(text, encoding="utf-8")
    (folder / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")
    missing = "".join(f"- nowhere-{name} >=1.2,<3\n" for name in NAMES)
    (folder / "environment.yml").write_text(
        f"name: everything that a site wants\ndependencies:\n- library >=2\n{missing}", encoding="utf-8"
    )
    (folder / "small.yml").write_text(f"name: small\ndependencies:\n- {NAMES[0]}\n", encoding="utf-8")
    before = Path.cwd()
    os.chdir(folder)
    yield folder
    os.chdir(before)


def words(text: str) -> set[str]:
    return set(re.findall(r"[\w./@=<>+-]+", text))


def broken(text: str, whole: str) -> set[str]:
    """Return the words of a text that are only a part of a word of the other one."""
    known = words(whole)
    return {word for word in words(text) - known if any(each.startswith(word) for each in known)}


@pytest.mark.parametrize("command", COMMANDS)
def test_results_fit(
    command: str, workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DIRAC_FORGE_CACHE", str(tmp_path))
    results: list[RenderableType] = []

    def keep(result: RenderableType, *, color: str) -> None:
        results.append(result)

    monkeypatch.setattr(context, "print_result", keep)
    assert main([*command.split(), "--no-progress"]) == COMMANDS[command]
    assert capsys.readouterr().out == ""
    shown = {}
    for width in (*WIDTHS, 2000):
        monkeypatch.setenv("COLUMNS", str(width))
        for result in results:
            print_result(result)
        shown[width] = capsys.readouterr().out
    assert shown[2000]
    for width in WIDTHS:
        text = [line for line in shown[width].splitlines() if not line.startswith(DIFF)]
        assert [line for line in text if len(line) > width and len(line.split()) > 3] == []
        assert broken("\n".join(text), shown[2000]) == set()
