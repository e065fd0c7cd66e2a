"""The newest release that fits, and the reasons against newer ones."""

from __future__ import annotations

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from dirac_forge.bump.releases import Newest, Nothing, newest, projects_of
from dirac_forge.upstream.release import File, Project, Release

SDIST = {"demo": "demo-1.0.tar.gz"}


def release(
    text: str, *, name: str = "demo", python: str | None = None, yanked: str | None = None, kind: str = "sdist"
) -> Release:
    filename = f"{name}-{text}.tar.gz" if kind == "sdist" else f"{name}-{text}-py3-none-any.whl"
    file = File(
        filename=filename,
        url=f"https://example.com/{filename}",
        kind=kind,  # type: ignore[arg-type]
        version=Version(text),
        requires_python=python,
        yanked=yanked,
    )
    return Release(project=name, version=Version(text), files=(file,))


def weigh(*releases: Release, now: str = "1.0", allowed: str = "") -> Newest | Nothing:
    return newest(
        now,
        SDIST,
        page=lambda name: Project(name=name, releases=tuple(sorted(releases, key=lambda one: one.version))),
        allowed=SpecifierSet(allowed),
        pythons=("3.11", "3.12"),
    )


def test_newer_releases_are_passed_over_with_their_reasons() -> None:
    found = weigh(
        release("1.0"),
        release("1.1"),
        release("1.2", yanked="broken"),
        release("1.3", python=">=3.13"),
        release("1.4", kind="wheel"),
        release("2.0rc1"),
    )
    assert isinstance(found, Newest)
    assert (found.version, found.projects) == ("1.1", ("demo",))
    assert [(str(item.version), item.reason) for item in found.rejected] == [
        ("2.0rc1", "a pre-release"),
        ("1.4", "demo has no sdist of it"),
        ("1.3", "needs Python >=3.13, the channel has 3.11 to 3.12"),
        ("1.2", "yanked (broken)"),
    ]


def test_nothing_newer() -> None:
    assert weigh(release("0.9"), release("1.0")) == Nothing(reason="1.0 is the newest release that fits")
    found = weigh(release("1.0"), release("2.0rc1"))
    assert found.reason == "1.0 is the newest release that fits (2.0rc1: a pre-release)"  # type: ignore[union-attr]


def test_the_release_line_of_the_branch() -> None:
    found = weigh(release("1.0"), release("1.0.5"), release("2.0"), allowed=">=1.0,<1.1")
    assert isinstance(found, Newest)
    assert found.version == "1.0.5"
    assert [item.reason for item in found.rejected] == ["it does not belong on this branch (<1.1,>=1.0)"]


def test_a_prerelease_moves_to_a_newer_one() -> None:
    found = weigh(release("2.0rc1"), release("2.0rc2"), now="2.0rc1")
    assert isinstance(found, Newest)
    assert found.version == "2.0rc2"


def test_projects_that_are_released_together_move_together() -> None:
    pages = {
        "common": Project(name="common", releases=tuple(release(v, name="common") for v in ("1.0", "1.1"))),
        "demo": Project(name="demo", releases=tuple(release(v) for v in ("1.0", "1.1", "1.2"))),
    }
    found = newest(
        "1.0",
        {"common": "common-1.0.tar.gz", "demo": "demo-1.0.tar.gz"},
        page=pages.__getitem__,
        allowed=SpecifierSet(),
        pythons=(),
    )
    assert isinstance(found, Newest)
    assert found.version == "1.1"
    assert [(str(item.version), item.reason) for item in found.rejected] == [
        ("1.2", "demo has it, common does not yet")
    ]


def test_a_version_that_pypi_can_not_have() -> None:
    found = weigh(release("1.0"), now="9e")
    assert found == Nothing(reason="9e is no version as PyPI has them (PEP 440), so none can be called newer")


def test_projects_are_told_by_the_files_of_the_version() -> None:
    text = (
        "package:\n  name: demo\n  version: 1.0\nsource:\n"
        "  - url: https://pypi.org/packages/py3/p/pip/pip-25.0-py3-none-any.whl\n"
        "  - url: https://pypi.io/packages/source/D/Demo/Demo-1.0.tar.gz\n"
    )
    assert projects_of(text, path="meta.yaml", version="1.0", settings=[("linux-64", {})]) == {
        "demo": "Demo-1.0.tar.gz"
    }
