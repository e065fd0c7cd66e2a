"""Builds against upstream's metadata, from values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from packaging.specifiers import SpecifierSet

from dirac_forge.audit.builds import Declared, Published, Surroundings, Use
from dirac_forge.audit.comparison import compare
from dirac_forge.audit.findings import Finding
from dirac_forge.channel.records import Record
from dirac_forge.upstream.files.requirements import DeclaredRequirement

VERSIONS: Mapping[str, Sequence[str]] = {
    "numpy": ("3.0", "2.1", "2.0", "1.26", "1.19"),
    "requests": ("2.32", "2.31"),
    "python": ("3.14.1", "3.13.5", "3.12.9", "3.11.9", "3.10.9"),
    "msgpack-python": ("1.1", "1.0"),
    "pywin32": ("311",),
    "tomli": ("2.2",),
}


def use(python: str = "3.12", platform: str = "linux-64", **versions: str) -> Use:
    return Use(target="grid", platform=platform, python=python, versions=versions)


def audited(
    *depends: str,
    upstream: Sequence[str] = (),
    python: str | None = None,
    noarch: str | None = "python",
    uses: Sequence[Use] = (),
    builds: Sequence[Record] = (),
    brings: Mapping[str, Sequence[str]] | None = None,
    complete: bool = True,
    python_min: str = "",
) -> tuple[Finding, ...]:
    record = Record(name="demo", version="1.0", build="pyh_0", subdir="noarch", depends=depends, noarch=noarch)
    published = Published(
        project="demo",
        requirements=tuple(map(DeclaredRequirement, upstream)),
        requires_python=SpecifierSet(python) if python else None,
        where="demo-1.0-py3-none-any.whl",
        complete=complete,
    )

    def newest(dependency: Declared) -> Record | None:
        needs = (brings or {}).get(dependency.name)
        if needs is None:
            return None
        return Record(name=dependency.name, version="1.0", build="0", subdir="noarch", depends=tuple(needs))

    around = Surroundings(
        versions=lambda name: VERSIONS.get(name, ()), newest=newest, builds=builds, python_min=python_min
    )
    return compare(record, published, uses or [use()], around)


def told(findings: Sequence[Finding]) -> list[tuple[str, str, str, str]]:
    return [(each.kind, each.dependency, each.severity, each.example) for each in findings]


@pytest.mark.parametrize(
    ("depends", "upstream"),
    [
        (["numpy >=1.26,<3"], "numpy>=1.26,<3"),
        (["numpy >=1.26,<3.0a0"], "numpy~=2.0,>=1.26"),
        (["numpy >=2"], "numpy>1.30"),
        (["numpy"], "numpy>=1.0"),
        (["msgpack-python >=1.0"], "msgpack>=1.0"),
        (["numpy-base >=2"], "numpy>=2"),
        (["numpy >=1.26", "numpy <3"], "numpy>=1.26,<3"),
    ],
    ids=["same", "compatible release", "no version between", "older than any", "other name", "base", "two entries"],
)
def test_equal_requirements_give_no_finding(depends: list[str], upstream: str) -> None:
    findings = audited(*depends, upstream=[upstream])
    assert [each for each in findings if each.severity != "low"] == []


def test_requirement_that_the_build_lacks_is_missing() -> None:
    (finding,) = audited("numpy", upstream=["numpy", "requests>=2.31; extra != 'x'"])
    assert told([finding]) == [("missing", "requests", "high", "")]
    assert (finding.declared, finding.upstream) == ("", "Requires-Dist: requests>=2.31; extra != 'x'")
    assert (finding.where, finding.targets, finding.certainty) == ("demo-1.0-py3-none-any.whl", ("grid",), "sure")


def test_requirement_of_another_platform_or_extra_is_not_missing() -> None:
    assert audited(upstream=['pywin32; sys_platform == "win32"', 'numpy; extra == "fast"']) == ()
    windows = audited(upstream=['pywin32; sys_platform == "win32"'], uses=[use(platform="win-64")])
    assert told(windows) == [("missing", "pywin32", "high", "")]


def test_requirement_of_some_pythons_is_a_smaller_fault_of_a_noarch_build() -> None:
    line = 'tomli; python_version < "3.12"'
    assert told(audited(upstream=[line], uses=[use("3.11"), use("3.12")])) == [("missing", "tomli", "medium", "")]
    assert told(audited(upstream=[line], uses=[use("3.11")], noarch=None)) == [("missing", "tomli", "high", "")]


def test_package_that_no_channel_has_is_a_guess() -> None:
    (finding,) = audited(upstream=["nowhere-to-be-found"])
    assert (finding.severity, finding.certainty) == ("low", "guess")


def test_requirement_brought_by_another_dependency_is_a_smaller_fault() -> None:
    findings = audited("requests", upstream=["numpy"], brings={"requests": ["numpy"]})
    assert told(findings) == [("missing", "numpy", "low", "requests")]


def test_requirement_of_the_core_output_is_no_fault_of_the_package_around_it() -> None:
    assert audited("demo-core ==1.0", upstream=["numpy"], brings={"demo-core": ["numpy"]}) == ()


def test_requirement_is_followed_through_outputs_that_are_pinned_exactly() -> None:
    brings = {"demo-standard": ["demo-slim ==1.0 h_0", "rich"], "demo-slim": ["numpy"]}
    assert audited("demo-standard ==1.0 h_0", upstream=["numpy"], brings=brings) == ()
    loose = {"demo-standard": ["demo-slim >=1.0"], "demo-slim": ["numpy"]}
    assert told(audited("demo-standard ==1.0 h_0", upstream=["numpy"], brings=loose)) == [
        ("missing", "numpy", "high", "")
    ]


def test_project_that_requires_itself_is_no_finding() -> None:
    assert audited(upstream=["demo[all]"]) == ()


@pytest.mark.parametrize(
    ("declared", "upstream", "installed", "expected"),
    [
        ("numpy >=1.26", "numpy>=1.26,<2", "2.1", ("looser", "numpy", "high", "2.1")),
        ("numpy >=1.26", "numpy>=1.26,<2", "1.26", ("looser", "numpy", "medium", "3.0")),
        ("numpy", "numpy>=2", "2.1", ("looser", "numpy", "low", "1.26")),
        ("numpy >=1.26,<2", "numpy>=1.26", "1.26", ("stricter", "numpy", "medium", "3.0")),
        ("numpy >=2", "numpy>=1.26", "2.1", ("stricter", "numpy", "low", "1.26")),
    ],
    ids=["installed now", "newer is admitted", "older is admitted", "newer is kept out", "older is kept out"],
)
def test_bounds_are_compared_by_the_versions_that_exist(
    declared: str, upstream: str, installed: str, expected: tuple[str, str, str, str]
) -> None:
    findings = audited(declared, upstream=[upstream], uses=[use(numpy=installed)])
    assert told(findings) == [expected]
    assert findings[0].declared == declared


def test_python_that_upstream_excludes() -> None:
    (finding,) = audited("python >=3.10", python=">=3.11", uses=[use("3.10")])
    assert told([finding]) == [("python-looser", "python", "high", "3.10")]
    assert finding.upstream == "Requires-Python: >=3.11"
    assert told(audited("python >=3.10", python=">=3.11")) == [("python-looser", "python", "low", "3.10")]


def test_python_that_another_build_of_the_version_serves_is_not_excluded() -> None:
    other = Record(
        name="demo", version="1.0", build="pyh_1", subdir="noarch", depends=("python >=3.13",), noarch="python"
    )
    assert told(audited("python >=3.10,<3.13", python=">=3.10")) == [("python-stricter", "python", "medium", "3.14")]
    assert audited("python >=3.10,<3.13", python=">=3.10", builds=[other]) == ()


def test_python_older_than_the_channels_minimum_is_left_out_by_policy() -> None:
    assert audited("python >=3.11", python=">=3.8", python_min="3.11") == ()
    assert told(audited("python >=3.12", python=">=3.8", python_min="3.11")) == [
        ("python-stricter", "python", "low", "3.11")
    ]


def test_missing_half_of_a_version_that_is_shared_out_between_pythons_is_a_guess() -> None:
    halves = [
        Record(name="demo", version="0.9", build=build, subdir="noarch", depends=(spec,), noarch="python")
        for build, spec in (("a", "python <3.13"), ("b", "python >=3.13"))
    ]
    (finding,) = audited("python >=3.10,<3.13", python=">=3.10", builds=halves)
    assert (finding.kind, finding.severity, finding.certainty) == ("python-stricter", "low", "guess")


def test_python_without_an_environment_is_not_used_now() -> None:
    possible = Use(target="", platform="linux-64", python="3.10", versions={})
    (finding,) = audited("python >=3.10", python=">=3.11", uses=[possible])
    assert (finding.severity, finding.targets) == ("low", ())


def test_stand_in_for_newer_pythons_is_a_guess() -> None:
    (finding,) = audited("python >=3.12", python="<3.12")
    assert (finding.kind, finding.severity, finding.certainty) == ("python-looser", "low", "guess")


def test_computed_requirements_make_a_finding_likely_only() -> None:
    (finding,) = audited(upstream=["requests"], complete=False)
    assert finding.certainty == "likely"
