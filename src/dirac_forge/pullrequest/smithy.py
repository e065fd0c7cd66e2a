"""conda-smithy, where it is on PATH: rerender a feedstock, and lint its recipe."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Literal

from dirac_forge.errors import UnknownError, redact
from dirac_forge.programs import Finished, TooMuchError, TooSlowError, plain_environment, run
from dirac_forge.pullrequest.jail import Jail, jailed_environment
from dirac_forge.untrusted import parse_whole_number
from dirac_forge.values import dataclass

# PyPI's `conda-smithy` is years old (2.x, 2017) and can't be installed from there: conda-forge's is the program.
_OLDEST = 3
_LONGEST_TEXT = 200_000
_MOST_OUTPUT = 50_000_000
"""Bytes: a recipe may print what it likes."""
_VERSION = re.compile(r"\b(\d{1,4})((?:\.\d{1,5}){1,3})(?:[.+-]?\w{1,20})*\b")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rerendered:
    """What became of a rerender."""

    state: Literal["done", "ask", "failed"]
    """`ask`: conda-smithy is not here, the service must be asked; `failed`: it did not get through, ask as well."""
    text: str = ""
    version: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class NoSmithy:
    """Why conda-smithy does not run here; conda-forge's service will rerender."""

    reason: str
    said: bool = False
    """Whether the user should know: conda-smithy is installed and may not be used."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Smithy:
    """conda-smithy in a known version. It executes recipes: see `local_rendering` for where it may run."""

    command: Path
    version: str
    jail: Jail | None = None

    def rerender(self, folder: Path, *, objects: Path | None = None, timeout: float = 900.0) -> Rerendered:
        """Rerender the feedstock in `folder`: its files only, no commit. The program sees no tokens.

        `objects` are those of git that the feedstock's repository shares; what its own files say of them is not
        believed, because a recipe may have written them when it was linted.
        It refuses by itself where it is older than what conda-forge has: then the service must be asked.
        """
        try:
            done = self._run(
                "rerender", "--feedstock_directory", str(folder), folder=folder, objects=objects, timeout=timeout
            )
        except UnknownError as exc:
            return Rerendered(state="failed", text=exc.message, version=self.version)
        if done.code:
            text = f"conda-smithy {self.version} could not rerender it: {_last(done)}"
            return Rerendered(state="failed", text=text, version=self.version)
        return Rerendered(state="done", text=f"rerendered with conda-smithy {self.version}", version=self.version)

    def lint(self, folder: Path, *, objects: Path | None = None, timeout: float = 120.0) -> tuple[str, ...]:
        """Return conda-smithy's complaints about the recipe in a feedstock, a line each. See `rerender`.

        Raises UnknownError if it can't tell.
        """
        done = self._run("recipe-lint", str(folder / "recipe"), folder=folder, objects=objects, timeout=timeout)
        if done.code == 0:
            return ()
        found = _lints(_text(done.output))
        if not found:
            raise UnknownError(f"conda-smithy {self.version} could not lint it: {_last(done)}")
        return found

    def _run(self, *arguments: str, folder: Path, objects: Path | None, timeout: float) -> Finished:
        home = folder.parent
        known = plain_environment() if self.jail is None else jailed_environment(os.environ)
        # It would take its settings and a token for services from the home folder.
        environment = {**known, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        environment |= {"HOME": str(home), "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}
        command: tuple[str, ...] = (str(self.command), *arguments)
        if self.jail is not None:
            command = self.jail.command(command, folder=home, readable=() if objects is None else (objects,))
        try:
            return run(command, timeout=timeout, environment=environment, folder=folder, limit=_MOST_OUTPUT)
        except (TooSlowError, TooMuchError, OSError) as exc:
            raise UnknownError(f"conda-smithy {self.version} {arguments[0]}: {exc}") from exc


def find_smithy(path: str | None = None) -> Smithy | None:
    """Return conda-smithy on PATH (or on `path`, written like PATH), or None if there is none that works."""
    found = shutil.which("conda-smithy", path=path)
    if found is None:
        return None
    try:
        done = run((found, "--version"), timeout=60, environment=plain_environment())
    except (TooSlowError, OSError):
        return None
    known = _VERSION.search(_text(done.output) + _text(done.errors))
    if done.code or known is None or (parse_whole_number(known[1]) or 0) < _OLDEST:
        return None
    return Smithy(command=Path(found).absolute(), version=known[0])


def _lints(said: str) -> tuple[str, ...]:
    """Return the lines under `… has some lint:`, indented by two; those indented by four continue one. No hints."""
    found: list[str] = []
    for line in said.partition(" has some lint:\n")[2].splitlines():
        if not line.startswith("  "):
            break
        if line.startswith("    ") and found:
            found[-1] += f" {line.strip()}"
        else:
            found.append(line.strip())
    return tuple(text for text in found if text)


def _text(said: bytes) -> str:
    return redact(said[-_LONGEST_TEXT:].decode(errors="replace"))


def _last(done: Finished) -> str:
    lines = [line.strip() for line in (_text(done.errors) or _text(done.output)).splitlines() if line.strip()]
    return lines[-1][:500] if lines else f"it exit code {done.code}"
