"""What lies next to the recipe and still says the old version is told, and so is a patch that is not there any more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dirac_forge.cli import main

RECIPE = f"""\
context:
  version: 1.2.3
package:
  name: demo
  version: ${{{{ version }}}}
source:
  url: https://example.org/demo-${{{{ version }}}}.tar.gz
  sha256: {"a" * 64}
  patches:
    - fix.patch
    - port-${{{{ version }}}}.patch
build:
  number: 2
"""
TEST = """\
tests:
  - script:
      - test -e demo-1.2.3.so
"""


@pytest.mark.parametrize("epoch", ["", "1!"])
def test_files_next_to_the_recipe_are_looked_at_without_a_network(
    epoch: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DIRAC_FORGE_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "feedstocks/demo/recipe"
    folder.mkdir(parents=True)
    for name, text in {
        "recipe.yaml": RECIPE.replace("  version: ${{", f"  version: {epoch}${{{{") + TEST,
        "build.sh": "cd demo-1.2.3\nmake\n",
        "fix.patch": "-version = 1.2.3\n",
        "port-1.2.3.patch": "-five\n",
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    known = tmp_path / "known.json"
    known.write_text(json.dumps({"https://example.org/demo-1.2.4.tar.gz": "b" * 64}), encoding="utf-8")
    asked = ["bump", "demo", "--to", "1.2.4", "--known-sha256", str(known), "--no-check", "--offline", "--json"]
    assert main([*asked, "--workspace", str(tmp_path)]) == 0
    (found,) = json.loads(capsys.readouterr().out)["bumps"]
    assert [note for note in found["notes"] if "1.2" in note] == [
        "line 16 still says 1.2.3: - test -e demo-1.2.3.so",
        "recipe/build.sh, line 1 still says 1.2.3: cd demo-1.2.3",
        f"port-1.2.4.patch was not tried: {folder} has no such file",
    ]
