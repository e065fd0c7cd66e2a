"""Where channels are opened, and what is imported before that."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"
CODE = """
import sys
import dirac_forge.proposals.recipes as recipes
from dirac_forge.cli import main

def opened(*_):
    print("rattler" in sys.modules)
    raise SystemExit

recipes.open_catalogue = opened
main(["recipe", "demo", "--offline", "--workspace", sys.argv[1]])
"""


def test_recipe_does_not_import_the_solver_before_a_channel_is_opened(tmp_path: Path) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(tmp_path)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=tmp_path,
        check=False,
        env=own | {"PYTHONPATH": str(SOURCE)},
    )
    assert (done.stdout, done.stderr) == ("False\n", "")
