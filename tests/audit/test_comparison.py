"""Builds against upstream's metadata, from values."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

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
    versions: Mapping[str, Sequence[str]] = VERSIONS,
    pythons: Mapping[str, Collection[str]] | None = None,
    name: str = "demo",
    project: str = "demo",
    on_python: bool = True,
) -> tuple[Finding, ...]:
    if on_python and not any(each.startswith("python") for each in depends):
        depends = (*depends, "python")
    record = Record(name=name, version="1.0", build="pyh_0", subdir="noarch", depends=depends, noarch=noarch)
    published = Published(
        project=project,
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
        versions=lambda name: versions.get(name, ()),
        runs_on=lambda _, version, python: pythons is None or python in pythons.get(version, ()),
        newest=newest,
        builds=builds,
        python_min=python_min,
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


def test_missing_half_of_a_version_that_is_shared_out_between_pythons_is_no_fault_of_the_other_half() -> None:
    halves = [
        Record(name="demo", version="0.9", build=build, subdir="noarch", depends=(spec,), noarch="python")
        for build, spec in (("a", "python <3.13"), ("b", "python >=3.13"))
    ]
    assert audited("python >=3.10,<3.13", python=">=3.10", builds=halves) == ()


def test_range_that_ends_at_a_patch_version_is_a_guess() -> None:
    (finding,) = audited("python >=3.10,<3.12.4.0a0", python=">=3.10")
    assert (finding.kind, finding.severity, finding.certainty) == ("python-stricter", "low", "guess")


def test_python_without_an_environment_is_not_used_now() -> None:
    possible = Use(target="", platform="linux-64", python="3.10", versions={})
    (finding,) = audited("python >=3.10", python=">=3.11", uses=[possible])
    assert (finding.severity, finding.targets) == ("low", ())


def test_stand_in_for_newer_pythons_is_no_fault() -> None:
    assert audited("python >=3.12", python="<3.12") == ()


@pytest.mark.parametrize("spec", ["demo-core ==1.0", "demo-core >=1.0,<2.0a0", "demo-core >=1", "demo-core 1.0.*"])
def test_package_that_is_released_in_step_may_be_pinned_to_the_same_version(spec: str) -> None:
    versions = {"demo-core": ("2.0", "1.0", "0.9")}
    assert audited(spec, upstream=["demo-core>=0.9"], versions=versions) == ()


def test_bound_on_another_version_of_a_package_with_a_similar_name_is_stricter() -> None:
    versions = {"demo-core": ("2.0", "1.0", "0.9")}
    findings = audited("demo-core >=2", upstream=["demo-core>=0.9"], versions=versions)
    assert told(findings) == [("stricter", "demo-core", "low", "1.0")]


def test_compiled_build_may_be_bound_to_the_numpy_that_it_was_made_with() -> None:
    assert audited("numpy >=2.0,<3", upstream=["numpy>=1.19,<3"], noarch=None) == ()
    assert told(audited("numpy >=2.0,<3", upstream=["numpy>=1.19,<3"])) == [("stricter", "numpy", "low", "1.26")]


def test_version_that_no_python_of_the_environments_can_install_is_not_admitted() -> None:
    line = 'numpy>=2.0; python_version >= "3.12"'
    assert told(audited("numpy >=1.19", upstream=[line])) == [("looser", "numpy", "low", "1.26")]
    assert audited("numpy >=1.19", upstream=[line], pythons={"1.26": {"3.11"}, "1.19": {"3.11"}}) == ()


def test_output_that_depends_on_the_projects_own_package_gets_its_requirements_from_there() -> None:
    assert audited("demo ==1.0", "numpy", upstream=["numpy", "requests"], name="demo-full", project="demo") == ()


def test_package_with_an_extra_in_its_name_meets_the_requirement_with_that_extra() -> None:
    assert audited("server-with-tls", upstream=["server[tls]"]) == ()
    assert [each.kind for each in audited("server-with-tls", upstream=["server[http]"])] == ["missing"]


def test_computed_requirements_make_a_finding_likely_only() -> None:
    (finding,) = audited(upstream=["requests"], complete=False)
    assert finding.certainty == "likely"


def test_two_requirements_of_one_project_are_not_stricter_than_each_other() -> None:
    findings = audited("numpy >=1.26", upstream=["numpy>=1.26", "numpy<3"])
    assert told(findings) == [("looser", "numpy", "medium", "3.0")]
    elsewhere = audited("numpy >=1.26,<3", upstream=["numpy>=1.26; python_version < '3'", "numpy<3"])
    assert told(elsewhere) == [("stricter", "numpy", "low", "1.19")]


def test_exact_version_does_not_keep_local_builds_of_it_out() -> None:
    versions = {"torch": ("2.1", "2.0+cpu", "2.0")}
    assert told(audited("torch ==2.0", upstream=["torch==2.0"], versions=versions)) == []
    assert told(audited("torch ==2.1", upstream=["torch>=2.0"], versions=versions)) == [
        ("stricter", "torch", "low", "2.0+cpu")
    ]


def test_a_noarch_build_without_python_is_a_finding_and_a_stand_in_is_not() -> None:
    (finding,) = audited(
        "requests", upstream=["requests", 'tomli; python_version < "3.11"'], python=">=3.10", on_python=False
    )
    assert (finding.kind, finding.dependency, finding.severity, finding.upstream) == (
        "missing",
        "python",
        "high",
        "Requires-Python: >=3.10",
    )
    (through,) = audited("requests", upstream=["requests"], brings={"requests": ["python >=3.9"]}, on_python=False)
    assert (through.dependency, through.severity) == ("python", "low")
    assert audited("demo_core", upstream=[], name="demo-core", project="demo-core", on_python=False) == ()
    assert [
        each.dependency for each in audited("requests", upstream=["requests"], uses=[use("")], on_python=False)
    ] == ["python"]
