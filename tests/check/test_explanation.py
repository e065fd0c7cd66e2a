from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from dirac_forge.channel.solver import Channel, NoSolution
from dirac_forge.check.analysis import Analysis
from dirac_forge.check.cells import Cell, cells_of
from dirac_forge.check.explanation import explain
from dirac_forge.check.matrix import check
from dirac_forge.check.targets import make_target
from dirac_forge.report.cause_words import cause_text
from dirac_forge.report.proof_words import cell_words
from dirac_forge.report.remedy_words import remedy_text
from support.channel import pkg, pythons, write_channel

ASSUMED = "the machine is assumed to have"


def answer(folder: Path, *specs: str, platform: str = "linux-64", python: str = "") -> Cell:
    target = make_target("it", specs, platforms=[platform], pythons=[python] if python else [])
    with ThreadPoolExecutor(2) as executor:
        (cell,) = check(Channel.open([str(folder)]), cells_of(target), executor=executor)
    return cell


def reasons(cell: Cell) -> list[tuple[str, str]]:
    assert cell.status == "not-installable", cell
    return [(cause.kind, cause_text(cause)) for cause in cell.causes]


def remedies(cell: Cell) -> list[str]:
    assert cell.unblock is not None
    return [remedy_text(remedy) for remedy in cell.unblock.remedies]


def per_python(text: str, *minors: str, depends: Sequence[str] = ()) -> list[dict[str, Any]]:
    return [
        pkg(
            text,
            f"python >={minor},<3.{int(minor[2:]) + 1}.0a0",
            f"python_abi {minor}.* *_cp{minor.replace('.', '')}",
            *depends,
            build=f"py{minor.replace('.', '')}_0",
        )
        for minor in minors
    ]


def test_builds_for_another_python_in_a_channel_whose_pythons_have_no_constraints(tmp_path: Path) -> None:
    thin = [
        *(pkg(f"python 3.{minor}.1", build="h0_0_cpython") for minor in (10, 11, 12)),
        *(pkg(f"python_abi 3.{minor}", build=f"0_cp3{minor}") for minor in (10, 11, 12)),
        pkg("fast 1.0", "python", "python_abi 3.11.* *_cp311", build="py311_0"),
    ]
    cell = answer(write_channel(tmp_path, {"linux-64": thin}), "fast", python="3.10")
    assert reasons(cell) == [("python", "fast: built only for Python 3.11")]


def test_no_build_for_the_platform(tmp_path: Path) -> None:
    folder = write_channel(
        tmp_path,
        {
            "noarch": [pkg("app 1.0", "middle", noarch="generic"), pkg("middle 1.0", "low >=2", noarch="generic")],
            "linux-64": [pkg("low 2.0")],
            "osx-64": [pkg("low 2.0", "__osx >=11")],
            "win-64": [pkg("other 1.0")],
        },
    )
    cell = answer(folder, "app", platform="win-64")
    assert reasons(cell) == [
        ("no-build", "app → middle → low: no build for win-64 (there is one for linux-64 and osx-64)")
    ]
    assert remedies(cell) == ["build low for win-64"]
    assert cell.unblock is not None
    assert cell.unblock.smallest


def test_every_cause_is_named_and_the_smallest_set_unblocks(tmp_path: Path) -> None:
    folder = write_channel(
        tmp_path,
        {
            "noarch": [pkg("app 1.0", "a", "b", "c", noarch="generic")],
            "linux-64": [pkg("a 1.0", "deep"), pkg("b 1.0"), pkg("c 1.0"), pkg("deep 1.0")],
            "win-64": [pkg("c 1.0")],
        },
    )
    cell = answer(folder, "app", platform="win-64")
    assert reasons(cell) == [
        ("no-build", "app → a: no build for win-64 (there is one for linux-64)"),
        ("no-build", "app → b: no build for win-64 (there is one for linux-64)"),
    ]
    # A build of `a` would need `deep` too, as it does elsewhere.
    assert remedies(cell) == [
        "build a for win-64, if it needs there what it needs on linux-64",
        "build b for win-64",
        "build deep for win-64",
    ]


def test_a_noarch_package_needs_another_pin_instead_of_a_build(tmp_path: Path) -> None:
    records = [*pythons("3.11", "3.12"), pkg("app 1.0", "tool")]
    noarch = [pkg("tool 1.0", "python >=3.12", noarch="python")]
    cell = answer(write_channel(tmp_path, {"noarch": noarch, "linux-64": records}), "app", python="3.11")
    assert reasons(cell) == [("python", "app → tool: made only for Python ≥3.12")]
    assert remedies(cell) == ["change the bound of tool 1.0 on Python (python >=3.12), if it runs with that Python"]


def test_built_for_other_pythons(tmp_path: Path) -> None:
    folder = write_channel(
        tmp_path,
        {
            "noarch": [pkg("app 1.0", "fast", "python >=3.10", noarch="python")],
            "linux-64": [*pythons("3.11", "3.12", "3.13", "3.14"), *per_python("fast 1.0", "3.11", "3.12", "3.13")],
        },
    )
    cell = answer(folder, "app", python="3.14")
    assert reasons(cell) == [("python", "app → fast: built only for Python ≤3.13")]
    assert remedies(cell) == ["build fast for Python 3.14"]
    assert answer(folder, "app", python="3.13").status == "installable"


@pytest.mark.parametrize(
    ("built", "named"),
    [
        (("3.11",), "≤3.11"),
        (("3.12",), "3.12"),
        (("3.11", "3.12"), "≤3.12"),
        (("3.12", "3.13"), "3.12 and 3.13"),
        (("3.12", "3.13", "3.14"), "3.12 to 3.14"),
        (("3.11", "3.13"), "3.11 and 3.13"),
    ],
)
def test_bounds_of_pythons_hold_no_python_without_a_build(tmp_path: Path, built: tuple[str, ...], named: str) -> None:
    records = [*pythons("3.11", "3.12", "3.13", "3.14", "3.15"), *per_python("fast 1.0", *built)]
    cell = answer(write_channel(tmp_path, {"linux-64": records}), "fast", python="3.15")
    assert reasons(cell) == [("python", f"fast: built only for Python {named}")]


@pytest.mark.parametrize("spec", ["python >=3.11,<3.14.0a0", "python <3.14", "python <3.14.0a0", "python <=3.13.99"])
def test_an_upper_bound_excludes_the_python_that_it_names(tmp_path: Path, spec: str) -> None:
    noarch = [pkg("pure 1.0", spec, noarch="python")]
    records = pythons("3.11", "3.12", "3.13", "3.14")
    cell = answer(write_channel(tmp_path, {"noarch": noarch, "linux-64": records}), "pure", python="3.14")
    assert reasons(cell) == [("python", "pure: made only for Python ≤3.13")]


@pytest.mark.parametrize("app", ["noarch", "linux-64"])
def test_what_is_in_the_way_of_a_python_that_would_do(tmp_path: Path, app: str) -> None:
    old, new = pythons("3.12"), pythons("3.13")
    for record in new:
        if record["name"] == "python":
            record["depends"] = [*record["depends"], "ssl >=3.5"]
    builds = [pkg("app 1.0", "python >=3.9,<3.15", noarch="python")] if app == "noarch" else []
    builds += per_python("app 1.0", "3.12", "3.13") if app != "noarch" else []
    shared = [*old, *new, pkg("ssl 3.0"), pkg("ssl 3.5")]
    folder = write_channel(
        tmp_path, {"noarch": builds, "linux-64": shared} if app == "noarch" else {app: [*shared, *builds]}
    )
    expected = [
        ("conflict", "python → ssl: pins that exclude each other: python needs ssl >=3.5, but ssl 3.0.* is requested")
    ]
    assert reasons(answer(folder, "app", "ssl 3.0.*", python="3.13")) == expected
    assert reasons(answer(folder, "app", "ssl 3.0.*", "python 3.13.*")) == expected
    assert answer(folder, "app", "ssl 3.0.*", python="3.12").status == "installable"


def test_made_for_newer_pythons_and_the_older_version_that_installs(tmp_path: Path) -> None:
    folder = write_channel(
        tmp_path,
        {
            "noarch": [
                pkg("app 2.0", "python >=3.12", noarch="python"),
                pkg("app 1.0", "python >=3.9", noarch="python"),
            ],
            "linux-64": pythons("3.11", "3.12", "3.13"),
        },
    )
    cell = answer(folder, "app >=2", python="3.11")
    assert reasons(cell) == [("python", "app: app >=2 is made only for Python ≥3.12")]
    assert cell.older == "1.0"
    assert answer(folder, "app", python="3.11").version == "1.0"


def test_a_python_that_the_channel_lacks(tmp_path: Path) -> None:
    folder = write_channel(
        tmp_path,
        {"noarch": [pkg("app 1.0", "python >=3.9", noarch="python")], "linux-64": pythons("3.11", "3.12")},
    )
    cell = answer(folder, "app", python="3.15")
    assert reasons(cell) == [("version", "python: no build matches python 3.15.*: the newest version is 3.12.1")]


def test_the_newest_build_and_older_ones_fail_for_different_reasons(tmp_path: Path) -> None:
    folder = write_channel(
        tmp_path,
        {
            "noarch": [
                pkg("app 1.0", "util", noarch="generic"),
                pkg("util 2.0", "new", noarch="generic"),
                pkg("util 1.0", "old", noarch="generic"),
            ],
            "linux-64": [*pythons("3.13", "3.14"), *per_python("old 1.0", "3.13")],
            "osx-64": [pkg("new 1.0")],
        },
    )
    cell = answer(folder, "app", python="3.14")
    assert reasons(cell) == [
        ("no-build", "app → util → new: no build for linux-64 (there is one for osx-64)"),
        ("python", "or, older: app → util → old: built only for Python ≤3.13"),
    ]
    assert cell_words(cell.reason) == (
        "app → util → new: no build for linux-64 (there is one for osx-64); "
        "or, older: app → util → old: built only for Python ≤3.13"
    )


def test_pins_that_exclude_each_other_and_who_brings_them(tmp_path: Path) -> None:
    folder = write_channel(
        tmp_path,
        {
            "linux-64": [
                pkg("app 1.0", "one", "two"),
                pkg("one 1.0", "lib >=2,<3"),
                pkg("two 1.0", "lib >=1,<2"),
                pkg("lib 1.0"),
                pkg("lib 2.0"),
            ]
        },
    )
    cell = answer(folder, "app")
    ((kind, text),) = reasons(cell)
    assert kind == "conflict"
    assert text == (
        "app → two → lib: pins that exclude each other: two needs lib >=1,<2, but app → one needs lib >=2,<3"
    )
    assert remedies(cell) == ["relax the pin of two 1.0 on lib (lib >=1,<2), if it works without"]


@pytest.mark.parametrize(
    ("pin", "other", "remedy"),
    [
        ("lib >=1.0,<2.0a0", "lib >=2", "rebuild two 1.0 for linux-64 with another lib than >=1.0,<2.0a0"),
        (
            "lib ==1.0",
            "lib >=2",
            "build a version of two for another lib, if there is one (1.0 needs lib ==1.0 exactly)",
        ),
        ("lib 1.0.*", "lib >=2", "relax the pin of two 1.0 on lib (lib 1.0.*), if it works without"),
    ],
)
def test_remedy_for_a_pin_is_what_its_kind_asks_for(tmp_path: Path, pin: str, other: str, remedy: str) -> None:
    records = [pkg("app 1.0", "one", "two"), pkg("one 1.0", other), pkg("two 1.0", pin), pkg("lib 1.0"), pkg("lib 2.0")]
    assert remedies(answer(write_channel(tmp_path, {"linux-64": records}), "app")) == [remedy]


def test_a_pin_against_what_the_user_asks_for(tmp_path: Path) -> None:
    folder = write_channel(
        tmp_path,
        {
            "linux-64": [
                pkg("app 1.0", "one", "two"),
                pkg("one 1.0", "lib >=2,<3"),
                pkg("two 1.0", "lib >=2,<3"),
                pkg("lib 1.0"),
                pkg("lib 2.0"),
            ]
        },
    )
    cell = answer(folder, "app", "lib 1.*")
    text = "pins that exclude each other: one needs lib >=2,<3 (so does two), but lib 1.* is requested"
    assert reasons(cell) == [
        ("conflict", f"app → one → lib: {text}"),
    ]
    assert remedies(cell) == [
        "relax the pin of one 1.0 on lib (lib >=2,<3), if it works without",
        "relax the pin of two 1.0 on lib (lib >=2,<3), if it works without",
    ]


def test_constraints_exclude_too(tmp_path: Path) -> None:
    folder = write_channel(
        tmp_path,
        {
            "linux-64": [
                pkg("app 1.0", "one", "lib"),
                pkg("one 1.0", constrains=["lib <1"]),
                pkg("lib 1.0"),
            ]
        },
    )
    ((kind, text),) = reasons(answer(folder, "app"))
    assert kind == "conflict"
    assert "one" in text
    assert "lib <1" in text


def test_a_machine_that_is_too_old(tmp_path: Path) -> None:
    folder = write_channel(tmp_path, {"linux-64": [pkg("app 1.0", "lib"), pkg("lib 1.0", "__glibc >=2.34,<3.0.a0")]})
    cell = answer(folder, "app")
    assert reasons(cell) == [
        ("machine", "app → lib: needs __glibc >=2.34,<3.0.a0, and the machine is assumed to have __glibc 2.28")
    ]
    assert remedies(cell) == ["a machine with __glibc 2.34 ([tool.dirac-forge.virtual-packages])"]


def test_virtual_package_of_another_system_has_no_remedy(tmp_path: Path) -> None:
    records = [pkg("app 1.0", "shtool", noarch="generic"), pkg("shtool 1.0", "__unix", noarch="generic")]
    folder = write_channel(tmp_path, {"noarch": records, "win-64": [pkg("other 1.0")]})
    cell = answer(folder, "app", platform="win-64")
    assert reasons(cell) == [("machine", "app → shtool: needs __unix, and the machine is assumed to have no __unix")]
    assert cell.unblock is None


def test_the_name_of_a_project_gets_the_name_of_its_package(tmp_path: Path) -> None:
    folder = write_channel(tmp_path, {"linux-64": [pkg("pytorch 2.0"), pkg("torchx 1.0")]})
    assert reasons(answer(folder, "torch")) == [
        ("unknown-name", "torch: no channel has a package of this name; did you mean pytorch or torchx?")
    ]


def test_virtual_package_that_is_only_constrained(tmp_path: Path) -> None:
    records = [pkg("app 1.0", "lib"), pkg("lib 1.0", constrains=["__glibc >=2.34"])]
    cell = answer(write_channel(tmp_path, {"linux-64": records}), "app")
    assert reasons(cell) == [
        ("machine", "app → lib: allows only __glibc >=2.34, and the machine is assumed to have __glibc 2.28")
    ]
    assert remedies(cell) == ["a machine with __glibc 2.34 ([tool.dirac-forge.virtual-packages])"]


def test_channel_that_a_spec_names_and_that_is_not_used(tmp_path: Path) -> None:
    folder = write_channel(tmp_path, {"linux-64": [pkg("lib 1.0")]})
    cell = answer(folder, "defaults::lib")
    assert reasons(cell) == [
        (
            "channel",
            f"lib: defaults::lib asks for the channel defaults, and the package comes from {folder} here",
        )
    ]


def test_channel_that_a_spec_names_by_its_url(tmp_path: Path) -> None:
    folder = write_channel(tmp_path / "here", {"linux-64": [pkg("lib 1.0")]})
    url = f"file://{tmp_path}/there"
    assert reasons(answer(folder, f"{url}::lib")) == [
        ("channel", f"lib: {url}::lib asks for the channel {url}/, and the package comes from {folder} here")
    ]


def test_all_missing_names_at_once_with_the_nearest(tmp_path: Path) -> None:
    folder = write_channel(tmp_path, {"linux-64": [pkg("numpy 1.0"), pkg("requests 2.0")]})
    cell = answer(folder, "nunpy", "requests", "ghost", "requets >=2")
    assert cell_words(cell.reason) == (
        "3 packages that no channel has: nunpy (did you mean numpy?), ghost and requets (did you mean requests?)"
    )


def test_all_missing_dependencies_at_once(tmp_path: Path) -> None:
    folder = write_channel(tmp_path, {"linux-64": [pkg("app 1.0", "ghost", "phantom"), pkg("phantomas 1.0")]})
    assert cell_words(answer(folder, "app").reason) == (
        "app needs 2 packages that no channel has: ghost and phantom (did you mean phantomas?)"
    )


def test_free_threaded_python_is_told_apart(tmp_path: Path) -> None:
    free = [pkg("python 3.14.0", build="h_1_cp314t"), pkg("python_abi 3.14", build="0_cp314t")]
    free[1]["constrains"] = ["python 3.14.* *_cp314t"]
    records = [*pythons("3.13", "3.14"), *free, *per_python("fast 1.0", "3.13", "3.14")]
    folder = write_channel(tmp_path, {"linux-64": records})
    cell = answer(folder, "fast", "python 3.14.* *_cp314t")
    assert reasons(cell) == [("python", "fast: built only for Python ≤3.14, not for the free-threaded 3.14t")]


def test_a_version_that_is_not_there_or_marked_broken(tmp_path: Path) -> None:
    records = [pkg("app 1.0", "lib >=2"), pkg("app 0.9", "lib >=2"), pkg("lib 1.0")]
    folder = write_channel(tmp_path / "a", {"linux-64": records})
    cell = answer(folder, "app")
    assert reasons(cell) == [("version", "app → lib: no build matches lib >=2: the newest version is 1.0")]
    assert remedies(cell) == ["build lib 2 for linux-64, if it is released"]
    broken = write_channel(tmp_path / "b", {"linux-64": records}, removed={"linux-64": ["lib-2.1-0.conda"]})
    assert reasons(answer(broken, "app")) == [
        ("broken", "app → lib: lib 2.1 was in the channel and is marked broken; nothing else matches lib >=2")
    ]


@pytest.mark.parametrize("name", ["redis-py", "telemetry-api", "galaxy-util", "setuptools-scm"])
def test_a_name_that_shares_a_word_with_another_is_no_typo_of_it(tmp_path: Path, name: str) -> None:
    others = [pkg("rpds-py 1.0"), pkg("telemetry-sdk 1.0"), pkg("gfal2-util 1.0"), pkg("setuptools 80")]
    cell = answer(write_channel(tmp_path, {"linux-64": others}), name)
    assert reasons(cell) == [("unknown-name", f"{name}: no channel has a package of this name")]


def test_an_older_version_for_a_newer_python_is_named(tmp_path: Path) -> None:
    records = [
        *pythons("3.12", "3.14"),
        *per_python("array 1.26", "3.12"),
        *per_python("array 2.5", "3.12", "3.14"),
    ]
    cell = answer(write_channel(tmp_path, {"linux-64": records}), "array 1.26", python="3.14")
    assert remedies(cell) == ["build array 1.26 for Python 3.14"]


def test_a_version_that_another_platform_has_is_released(tmp_path: Path) -> None:
    folder = write_channel(
        tmp_path, {"linux-64": [pkg("app 1.0", "lib >=2"), pkg("lib 1.0")], "osx-64": [pkg("lib 2.0")]}
    )
    assert remedies(answer(folder, "app")) == ["build lib 2 for linux-64"]


def test_a_typo_gets_the_nearest_name(tmp_path: Path) -> None:
    folder = write_channel(tmp_path, {"linux-64": [pkg("dirac-grid 1.0"), pkg("numpy 1.0")]})
    cell = answer(folder, "dirac-gird")
    assert reasons(cell) == [
        ("unknown-name", "dirac-gird: no channel has a package of this name; did you mean dirac-grid?")
    ]
    assert cell.unblock is None


def test_a_dependency_that_is_nowhere(tmp_path: Path) -> None:
    folder = write_channel(tmp_path, {"linux-64": [pkg("app 1.0", "ghost")]})
    cell = answer(folder, "app")
    assert reasons(cell) == [("unknown-name", "app → ghost: no channel has a package of this name")]
    assert remedies(cell) == ["package ghost"]


def test_a_lower_channel_that_priority_hides(tmp_path: Path) -> None:
    high = write_channel(tmp_path / "high", {"linux-64": [pkg("lib 1.0")]})
    low = write_channel(tmp_path / "low", {"linux-64": [pkg("app 1.0", "lib >=2"), pkg("lib 2.0")]})
    target = make_target("app", ["app"], platforms=["linux-64"], pythons=[])
    with ThreadPoolExecutor(1) as executor:
        (cell,) = check(Channel.open([str(high), str(low)]), cells_of(target), executor=executor)
    assert reasons(cell) == [
        (
            "version",
            (
                f"app → lib: no build in {high} matches lib >=2; {low} has 2.0, "
                f"but {high} comes first and channel priority is strict"
            ),
        )
    ]


def test_a_no_that_takes_a_search_is_still_a_no(tmp_path: Path) -> None:
    """Either version of `a` fits each of the others, but not both of them: no single pin is to blame."""
    folder = write_channel(
        tmp_path,
        {
            "linux-64": [
                pkg("app 1.0", "a", "b", "c"),
                pkg("a 1.0"),
                pkg("a 2.0"),
                pkg("b 1.0", "a 1.0", "d 1.0"),
                pkg("b 2.0", "a 2.0", "d 2.0"),
                pkg("c 1.0", "a 1.0", "d 2.0"),
                pkg("c 2.0", "a 2.0", "d 1.0"),
                pkg("d 1.0"),
                pkg("d 2.0"),
            ]
        },
    )
    cell = answer(folder, "app")
    assert [kind for kind, _ in reasons(cell)] == ["conflict", "conflict"]
    assert [cause.case for cause in cell.causes] == [("a", "2.0"), ("a", "1.0")]
    assert cell_words(cell.reason) == (
        "app → c → d: with a 2.0, pins that exclude each other: c needs d 1.0, but app → b needs d 2.0; "
        "app → c → d: with a 1.0, pins that exclude each other: c needs d 2.0, but app → b needs d 1.0"
    )


def test_what_the_analysis_rules_out_the_solver_refuses(tmp_path: Path) -> None:
    folder = write_channel(
        tmp_path,
        {"linux-64": [pkg("app 1.0", "a >=2"), pkg("app 2.0", "a >=3"), pkg("a 1.0"), pkg("a 2.0", "missing")]},
    )
    channel = Channel.open([str(folder)])
    analysis = Analysis(channel.index("linux-64"), ["app"])
    assert analysis.contradiction == "app"
    assert isinstance(channel.solve(["app"], platform="linux-64"), NoSolution)


@pytest.mark.parametrize("spec", ["app", "app 1.0"])
def test_what_can_be_installed_has_no_reason(tmp_path: Path, spec: str) -> None:
    folder = write_channel(tmp_path, {"linux-64": [pkg("app 1.0", "a"), pkg("a 1.0")]})
    cell = answer(folder, spec)
    assert (cell.status, cell.version, cell_words(cell.reason), cell.causes) == ("installable", "1.0", "", ())
    assert [str(record) for record in cell.packages] == ["a 1.0 0", "app 1.0 0"]


def test_a_chain_that_comes_back_to_itself(tmp_path: Path) -> None:
    missing = write_channel(tmp_path / "a", {"linux-64": [pkg("a 2.0", "e"), pkg("e 1.0", "a <2")]})
    assert reasons(answer(missing, "a")) == [("version", "a → e → a: no build matches a <2: the newest version is 2.0")]
    there = write_channel(tmp_path / "b", {"linux-64": [pkg("a 2.0", "e"), pkg("a 1.0"), pkg("e 1.0", "a <2")]})
    assert reasons(answer(there, "a >=2")) == [
        ("conflict", "a → e → a: pins that exclude each other: e needs a <2, but a >=2 is requested")
    ]


def test_a_circle_leads_to_what_its_older_builds_lack(tmp_path: Path) -> None:
    records = [
        pkg("app 1.0", "tool >=2"),
        pkg("tool 2.0", "lib"),
        pkg("tool 1.0", "base >=4"),
        pkg("lib 1.0", "tool 1.*"),
        pkg("base 3.0"),
    ]
    cell = answer(write_channel(tmp_path / "a", {"linux-64": records}), "app")
    assert reasons(cell) == [
        ("version", "app → tool → lib → tool → base: no build matches base >=4: the newest version is 3.0")
    ]
    python = [*pythons("3.12", "3.13"), pkg("app 1.0", "tool >=2"), pkg("tool 2.0", "lib"), pkg("lib 1.0", "tool 1.*")]
    folder = write_channel(tmp_path / "b", {"linux-64": [*python, *per_python("tool 1.0", "3.13")]})
    cell = answer(folder, "app", python="3.12")
    assert reasons(cell) == [
        ("python", "app → tool → lib → tool: tool 1.* is built only for Python ≥3.13"),
    ]


def test_one_spec_is_not_called_several(tmp_path: Path) -> None:
    """What a solver refuses without a reason that is known is not told as specs that exclude each other."""
    folder = write_channel(tmp_path, {"linux-64": [pkg("app 1.0", "lib"), pkg("lib 1.0")]})
    analysis = Analysis(Channel.open([str(folder)]).index("linux-64"), ["app"])
    assert explain(analysis, elsewhere=lambda _: (), solves=lambda _: False) == ()
    assert explain(analysis, elsewhere=lambda _: (), solves=lambda _: True) == ()
