"""Differences of locks, from values."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from dirac_forge.distribution.difference import LockDifference, difference_of
from dirac_forge.distribution.locks import Lock, LockedPackage
from dirac_forge.distribution.security import SecurityReport, security_of
from dirac_forge.errors import UnknownError
from dirac_forge.report.difference import difference_json, difference_sections
from dirac_forge.report.markdown import markdown
from dirac_forge.upstream.index.vulnerabilities import NoSuchReleaseError, Vulnerability


def package(text: str, *depends: str, asked: bool = False, licence: str = "", sha256: str = "") -> LockedPackage:
    name, version, build = text.split()
    return LockedPackage(
        name=name,
        version=version,
        build=build,
        depends=depends,
        asked=asked,
        size=1_000_000,
        license=licence,
        sha256=sha256,
    )


OLD = Lock(
    name="1.0",
    environments={
        "default": {
            "linux-64": (
                package("grid 9.0 h0", asked=True),
                package("gone 1 h0"),
                package("lib 1.0 ha", "openssl >=3.4,<4", licence="MIT"),
                package("lower 2.0 h0"),
                package("same 1 h0"),
            ),
            "osx-64": (package("grid 9.0 h0", asked=True),),
        }
    },
)
NEW = Lock(
    name="2.0",
    environments={
        "default": {
            "linux-64": (
                package("grid 9.1 h0", asked=True),
                package("fresh 1 h0"),
                package("lib 1.0 hb", "openssl >=3.5,<4", licence="BSD-3-Clause"),
                package("lower 1.9 h0"),
                package("same 1 h0"),
            ),
            "win-64": (package("grid 9.1 h0", asked=True),),
        }
    },
)


def test_difference_of_two_locks() -> None:
    difference = difference_of(OLD, NEW)
    changes = difference.environments["default"]["linux-64"].changes
    assert [(change.name, change.kind) for change in changes] == [
        ("grid", "up"),
        ("fresh", "added"),
        ("gone", "removed"),
        ("lib", "rebuilt"),
        ("lower", "down"),
    ]
    assert changes[3].pins == (("openssl >=3.4,<4", "openssl >=3.5,<4"),)
    assert changes[3].licence == ("MIT", "BSD-3-Clause")
    assert (difference.only_old, difference.only_new) == (("osx-64",), ("win-64",))


def test_equal_locks_have_no_difference() -> None:
    assert difference_of(OLD, OLD).empty
    assert "Nothing changes." in markdown(difference_sections(difference_of(OLD, OLD)))


def test_markdown_reads_like_release_notes() -> None:
    text = markdown(difference_sections(difference_of(OLD, NEW), lead=("grid",)))
    assert "**grid 9.0 → 9.1**" in text
    line = "lib 1.0: ha → hb; because of openssl >=3.4,<4 → >=3.5,<4; licence MIT → BSD-3-Clause"
    assert line in text.replace("\\", "").replace("&gt;", ">").replace("&lt;", "<")
    assert text.index("Added (dependencies):") < text.index("Downgraded (dependencies):") < text.index("Rebuilt")
    assert "### Size of all packages\n\n- linux-64: 5 MB (+0.0 MB)\n" in text


def test_what_is_alike_is_told_once_by_cause_and_for_all_platforms() -> None:
    def lock(name: str, python: str, *more: LockedPackage) -> Lock:
        abi = f"python_abi 3.{python}.*"
        some = [replace(package(f"{each} 1 py{python}", abi), size=None) for each in "abc"]
        known = replace(package("asked 1 0"), size=None, asked=True)
        both = (*some, replace(package(f"python 3.{python} h0"), size=None), known)
        return Lock(name=name, environments={"default": {"linux-64": (*both, *more), "osx-64": both}})

    large = replace(package("own 1 py12", "python_abi 3.12.*"), size=3_000_000)
    told = text_of(difference_of(lock("1", "11", package("own 1 py11", "python_abi 3.11.*")), lock("2", "12", large)))
    assert told == (
        "## 1 → 2\n\n### linux-64, osx-64\n\nUpgraded (dependencies):\n\n- python 3.11 → 3.12\n\n"
        "Rebuilt (dependencies):\n\n- because of python_abi 3.11.* → 3.12.* (3): a, b, c\n\n"
        "### linux-64\n\nRebuilt (dependencies):\n\n"
        "- own 1: py11 → py12; because of python_abi 3.11.* → 3.12.*; +2.0 MB\n"
    )


def test_json_has_the_platforms_at_the_top() -> None:
    linux = difference_json(difference_of(OLD, NEW))["platforms"]["linux-64"]
    assert [each["name"] for each in linux["added"]] == ["fresh"]
    assert linux["changed"][0] == {
        "name": "grid",
        "kind": "up",
        "from": "9.0 h0",
        "to": "9.1 h0",
        "why": [],
        "licence": None,
        "size": {"from": 1_000_000, "to": 1_000_000},
        "security": None,
        "asked": True,
    }
    assert linux["changed"][1]["why"] == [{"from": "openssl >=3.4,<4", "to": "openssl >=3.5,<4"}]


def test_same_build_with_another_hash_is_moved() -> None:
    one = Lock(name="a", environments={"default": {"linux-64": (package("x 1 h0", sha256="aa"),)}})
    other = Lock(name="b", environments={"default": {"linux-64": (package("x 1 h0", sha256="bb"),)}})
    changes = difference_of(one, other).environments["default"]["linux-64"].changes
    assert [change.kind for change in changes] == ["moved"]


def test_list_without_a_platform_is_compared_with_the_platform_that_has_its_files() -> None:
    listed = Lock(name="list", environments={"default": {"noarch": OLD.environments["default"]["linux-64"]}})
    difference = difference_of(listed, NEW)
    assert list(difference.environments["default"]) == ["linux-64"]
    assert difference.only_new == ("win-64",)


def test_growth_of_a_megabyte_or_more_is_told() -> None:
    def lock(name: str, version: str, size: int | None) -> Lock:
        mine = replace(package(f"big {version} h0"), size=size)
        return Lock(name=name, environments={"default": {"linux-64": (mine,)}})

    assert "big 1 → 2; +12.5 MB" in text_of(difference_of(lock("a", "1", 500_000), lock("b", "2", 13_000_000)))
    assert "MB" not in text_of(difference_of(lock("a", "1", 500_000), lock("b", "2", None)))


def text_of(difference: LockDifference, security: SecurityReport | None = None) -> str:
    return markdown(difference_sections(difference, security=security)).replace("\\", "")


def test_advisories_that_go_and_come_are_told_on_the_line_of_the_change() -> None:
    old = Lock(name="a", environments={"default": {"linux-64": (package("lib 1 h0", "python"), package("c 1 h0"))}})
    new = Lock(name="b", environments={"default": {"linux-64": (package("lib 2 h0", "python"), package("c 2 h0"))}})
    difference = difference_of(old, new)
    advisories = {
        ("lib", "1"): (Vulnerability(id="GHSA-1", aliases=("CVE-2026-1",)), Vulnerability(id="GHSA-2")),
        ("lib", "2"): (Vulnerability(id="GHSA-2"), Vulnerability(id="PYSEC-3")),
    }
    with ThreadPoolExecutor(1) as executor:
        report = security_of(difference, lambda *asked: advisories[asked], executor=executor)
    text = text_of(difference, report)
    assert "lib 1 → 2; fixes CVE-2026-1; adds PYSEC-3" in text
    assert "- 1 changed Python package: 1 with security fixes that the index knows of, 1 with new advisories." in text
    assert "- Unknown for c: the index only knows Python packages." in text
    lead = markdown(difference_sections(difference, lead=("lib",), security=report))
    assert "**lib 1 → 2**; fixes CVE-2026-1; adds PYSEC-3" in lead.replace("\\", "")


def test_packages_without_advisories_are_told_from_those_that_nothing_is_known_of() -> None:
    names = ("answered", "absent", "broken")
    old = Lock(name="a", environments={"default": {"linux-64": tuple(package(f"{n} 1 h0", "python") for n in names)}})
    new = Lock(name="b", environments={"default": {"linux-64": tuple(package(f"{n} 2 h0", "python") for n in names)}})

    def lookup(project: str, version: str) -> tuple[Vulnerability, ...]:
        if project == "absent":
            raise NoSuchReleaseError(f"{project} {version}: not found")
        if project == "broken":
            raise UnknownError("index: timed out")
        return ()

    difference = difference_of(old, new)
    with ThreadPoolExecutor(1) as executor:
        report = security_of(difference, lookup, executor=executor)
    assert text_of(difference, report).endswith(
        "### Security\n\n"
        "- 1 changed Python package: none with security fixes that the index knows of.\n"
        "- Unknown for absent: the index has no page with advisories (absent 1: not found).\n"
        "- Unknown for broken: the index did not answer (index: timed out).\n"
    )
    document = difference_json(difference, report)
    changed = {each["name"]: each["security"] for each in document["platforms"]["linux-64"]["changed"]}
    assert changed == {"absent": None, "answered": {"fixed": [], "introduced": []}, "broken": None}
    assert [(each["name"], each["kind"]) for each in document["security"]["unknown"]] == [
        ("absent", "no-release"),
        ("broken", "unreachable"),
    ]


def test_same_build_with_another_md5_is_moved() -> None:
    before, after = (
        Lock(
            name=name,
            environments={"default": {"linux-64": (LockedPackage(name="a", version="1", build="0", md5=md5),)}},
        )
        for name, md5 in (("old", "1" * 32), ("new", "2" * 32))
    )
    (change,) = difference_of(before, after).environments["default"]["linux-64"].changes
    assert (change.name, change.kind) == ("a", "moved")


def test_unknown_requirements_of_a_list_of_urls_are_not_called_none() -> None:
    old = replace(package("lib 1.0 ha"), depends_known=False, size=None)
    told = text_of(difference_of(lock_with(old), lock_with(package("lib 1.0 hb", "liba", licence="MIT"))))
    assert "lib 1.0: ha → hb; why is unknown, because the requirements of one of the builds are not known\n" in told


def test_added_and_removed_requirements_and_licences_are_told() -> None:
    old = lock_with(package("lib 1.0 ha", "gone", "s1", licence="MIT"))
    told = text_of(difference_of(old, lock_with(package("lib 1.0 hb", "liba", "s1 >=1"))))
    assert (
        "lib 1.0: ha → hb; because of s1 (any version) → >=1; now also requires liba; no longer requires gone; "
        "licence MIT → none\n"
    ) in told


def test_all_requirements_of_one_package_are_compared() -> None:
    old = lock_with(package("lib 1.0 ha", "python >=3.12,<3.13.0a0", "python"))
    new = lock_with(package("lib 1.0 hb", "python", "python >=3.13,<3.14.0a0"))
    (change,) = difference_of(old, new).environments["default"]["linux-64"].changes
    assert change.pins == (("python >=3.12,<3.13.0a0", "python >=3.13,<3.14.0a0"),)
    more = lock_with(package("lib 1.0 hc", "python", "python >=3.12,<3.13.0a0", "python !=3.12.4"))
    (change,) = difference_of(old, more).environments["default"]["linux-64"].changes
    assert change.pins == (("", "python !=3.12.4"),)


def lock_with(*packages: LockedPackage) -> Lock:
    return Lock(name="x", environments={"default": {"linux-64": packages}})
