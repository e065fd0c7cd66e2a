"""Differences of locks, from values."""

from __future__ import annotations

from dirac_forge.distribution.difference import difference_of
from dirac_forge.distribution.locks import Lock, LockedPackage
from dirac_forge.report.distribution import difference_json, difference_sections
from dirac_forge.report.markdown import markdown


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
    line = "lib 1.0: ha → hb; because of openssl >=3.4,<4 → openssl >=3.5,<4; licence MIT → BSD-3-Clause"
    assert line in text.replace("\\", "").replace("&gt;", ">").replace("&lt;", "<")
    assert text.index("Added (dependencies):") < text.index("Downgraded (dependencies):") < text.index("Rebuilt")
    assert "Size of all packages: 5 MB (+0.0 MB)." in text


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
        "asked": True,
    }
    assert linux["changed"][1]["why"] == [{"from": "openssl >=3.4,<4", "to": "openssl >=3.5,<4"}]


def test_same_build_with_another_hash_is_moved() -> None:
    one = Lock(name="a", environments={"default": {"linux-64": (package("x 1 h0", sha256="aa"),)}})
    other = Lock(name="b", environments={"default": {"linux-64": (package("x 1 h0", sha256="bb"),)}})
    changes = difference_of(one, other).environments["default"]["linux-64"].changes
    assert [change.kind for change in changes] == ["moved"]
