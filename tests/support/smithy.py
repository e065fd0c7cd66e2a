"""A stand-in for conda-smithy: a program on PATH that changes a feedstock's files as the real one does."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["WORKFLOW", "on_path", "smithy"]

WORKFLOW = ".github/workflows/conda-build.yml"
_PROGRAM = """#!{python}
import os, sys, time
from pathlib import Path
arguments = sys.argv[1:]
Path({log!r}).open("a").write(repr((arguments, sorted(os.environ))) + "\\n")
if arguments == ["--version"]:
    print({version!r})
    sys.exit(0)
if {hangs}:
    time.sleep(60)
if arguments[0] == "rerender":
    if {fails!r}:
        print("Traceback (most recent call last):", file=sys.stderr)
        print({fails!r}, file=sys.stderr)
        sys.exit(1)
    folder = Path(arguments[arguments.index("--feedstock_directory") + 1])
    recipe = next(path for path in (folder / "recipe").iterdir() if path.suffix == ".yaml").read_text()
    for name, text in {{".ci_support/linux_64_.yaml": recipe.splitlines()[0], {workflow!r}: "name: Build"}}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text + "\\n")
    (folder / "README.md").write_text("About\\n")
    (folder / ".appveyor.yml").unlink(missing_ok=True)
elif arguments[0] == "recipe-lint":
    lints = {lints!r}
    if lints:
        print(arguments[1], "has some lint:\\n  " + "\\n  ".join(lint.replace("\\n", "\\n    ") for lint in lints))
    else:
        print(arguments[1], "is in fine form")
    sys.exit(bool(lints))
"""


def smithy(
    folder: Path, *, version: str = "3.54.1", fails: str = "", lints: tuple[str, ...] = (), hangs: bool = False
) -> Path:
    """`folder/conda-smithy`, which notes its arguments and the names of its environment in `folder/log`."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "conda-smithy"
    program.write_text(
        _PROGRAM.format(
            python=sys.executable,
            log=str(folder / "log"),
            version=version,
            fails=fails,
            lints=lints,
            hangs=hangs,
            workflow=WORKFLOW,
        ),
        encoding="utf-8",
    )
    program.chmod(0o755)
    return program


def on_path(folder: Path) -> str:
    """PATH with the folder in front."""
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
