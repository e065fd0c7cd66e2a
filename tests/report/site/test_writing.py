"""The folder of the site: swapped as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from dirac_forge.errors import InputError
from dirac_forge.report.site import writing
from dirac_forge.report.site.writing import read_past, write_site

SITE = {"index.html": b"new", "data/site.json": b"{}"}


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_old_site_is_replaced_as_a_whole(tmp_path: Path) -> None:
    write_site(tmp_path / "site", {**SITE, "gone.html": b"old"})
    write_site(tmp_path / "site", SITE)
    assert files(tmp_path) == {f"site/{name}": content for name, content in SITE.items()}


def test_failed_write_leaves_the_old_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_site(tmp_path / "site", SITE)

    def full(folder: Path, content: object) -> None:
        (folder / "index.html").write_bytes(b"half")
        raise OSError(28, "No space left on device", str(folder))

    monkeypatch.setattr(writing, "_fill", full)
    with pytest.raises(InputError, match="No space left on device"):
        write_site(tmp_path / "site", {"index.html": b"newer"})
    assert files(tmp_path) == {f"site/{name}": content for name, content in SITE.items()}


def test_site_that_a_killed_run_put_aside_comes_back(tmp_path: Path) -> None:
    write_site(tmp_path / "site", SITE)
    (tmp_path / "site").rename(tmp_path / ".site.old")
    write_site(tmp_path / "site", {**SITE, "index.html": b"newer"})
    assert files(tmp_path) == {"site/index.html": b"newer", "site/data/site.json": b"{}"}


@pytest.mark.parametrize("content", ["", "[1]", "{", "\ud800"])
def test_history_that_cannot_be_read_is_none(tmp_path: Path, content: str) -> None:
    path = tmp_path / "history.json"
    path.write_bytes(content.encode("utf-8", errors="surrogatepass"))
    assert read_past(path) is None
    assert read_past(tmp_path / "none.json") is None
