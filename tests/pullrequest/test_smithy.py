"""conda-smithy: found on PATH, run without secrets, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from dirac_forge.errors import UnknownError
from dirac_forge.pullrequest.jail import Jail
from dirac_forge.pullrequest.smithy import Rerendered, Smithy, find_smithy
from support.smithy import WORKFLOW, on_path, smithy


@pytest.fixture
def feedstock(tmp_path: Path) -> Path:
    folder = tmp_path / "work" / "feedstock"
    (folder / "recipe").mkdir(parents=True)
    (folder / "recipe" / "recipe.yaml").write_text("version: 1\n", encoding="utf-8")
    (folder / ".appveyor.yml").write_text("old\n", encoding="utf-8")
    return folder


def found(folder: Path) -> Smithy:
    program = find_smithy(on_path(folder))
    assert program is not None
    return program


def test_it_is_found(tmp_path: Path) -> None:
    program = smithy(tmp_path / "bin")
    assert found(tmp_path / "bin") == Smithy(command=program, version="3.54.1")


@pytest.mark.parametrize("version", ["2.4", "no version", "", "0.1.dev0"])
def test_a_placeholder_is_not_it(tmp_path: Path, version: str) -> None:
    smithy(tmp_path / "bin", version=version)
    assert find_smithy(on_path(tmp_path / "bin")) is None


def test_there_is_none(tmp_path: Path) -> None:
    assert find_smithy(str(tmp_path)) is None
    (tmp_path / "conda-smithy").write_text("#!/nowhere/at/all\n", encoding="utf-8")
    (tmp_path / "conda-smithy").chmod(0o755)
    assert find_smithy(str(tmp_path)) is None


def test_what_a_feedstock_says_of_shared_objects_shows_nothing_to_a_program(tmp_path: Path, feedstock: Path) -> None:
    """A recipe may have written it when it was linted."""
    told = feedstock / ".git" / "objects" / "info" / "alternates"
    told.parent.mkdir(parents=True)
    told.write_text(f"{Path.home() / '.config'}\n", encoding="utf-8")
    shown: list[tuple[Path, ...]] = []

    class Shown(Jail):
        def command(self, command: Sequence[str], *, folder: Path, readable: Sequence[Path] = ()) -> tuple[str, ...]:
            shown.append(tuple(readable))
            return tuple(command)

    program = replace(Smithy(command=smithy(tmp_path / "bin"), version="3.54.1"), jail=Shown(unshare=Path("/none")))
    program.rerender(feedstock, objects=tmp_path / "objects")
    program.lint(feedstock)
    assert shown == [(tmp_path / "objects",), ()]


def test_rerender(tmp_path: Path, feedstock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    smithy(tmp_path / "bin")
    for name in ("GH_TOKEN", "GITHUB_TOKEN", "ANACONDA_TOKEN", "DIRAC_FORGE_GIT_TOKEN", "AZURE_PAT", "GIT_DIR"):
        monkeypatch.setenv(name, "s3cret")
    result = found(tmp_path / "bin").rerender(feedstock)
    assert result == Rerendered(state="done", text="rerendered with conda-smithy 3.54.1", version="3.54.1")
    assert sorted(path.relative_to(feedstock).as_posix() for path in feedstock.rglob("*") if path.is_file()) == [
        ".ci_support/linux_64_.yaml",
        WORKFLOW,
        "README.md",
        "recipe/recipe.yaml",
    ]
    log = (tmp_path / "bin" / "log").read_text(encoding="utf-8")
    assert "TOKEN" not in log
    assert "PAT'" not in log
    assert "GIT_DIR" not in log
    assert "'PATH'" in log


def test_one_that_fails(tmp_path: Path, feedstock: Path) -> None:
    smithy(tmp_path / "bin", fails="RuntimeError: conda-smithy 3.54.1 is not up-to-date (https://me:s3cret@x/)")
    result = found(tmp_path / "bin").rerender(feedstock)
    assert result.state == "failed"
    assert result.text == (
        "conda-smithy 3.54.1 could not rerender it: RuntimeError: conda-smithy 3.54.1 is not up-to-date "
        "(https://***@x/)"
    )


def test_one_that_hangs(tmp_path: Path, feedstock: Path) -> None:
    smithy(tmp_path / "bin", hangs=True)
    program = found(tmp_path / "bin")
    result = program.rerender(feedstock, timeout=0.3)
    assert (result.state, result.text) == ("failed", "conda-smithy 3.54.1 rerender: no end within 0.3 s")
    with pytest.raises(UnknownError, match=r"conda-smithy 3\.54\.1 recipe-lint: no end within 0\.3 s"):
        program.lint(feedstock, timeout=0.3)


def test_lint(tmp_path: Path, feedstock: Path) -> None:
    smithy(tmp_path / "bin")
    assert found(tmp_path / "bin").lint(feedstock) == ()
    smithy(tmp_path / "bin", lints=("The home item is expected.", "Two\nlines"))
    assert found(tmp_path / "bin").lint(feedstock) == ("The home item is expected.", "Two lines")


def test_one_that_went_away(tmp_path: Path, feedstock: Path) -> None:
    program = Smithy(command=tmp_path / "none", version="3.0")
    assert program.rerender(feedstock).state == "failed"
    with pytest.raises(UnknownError, match="No such file"):
        program.lint(feedstock)
