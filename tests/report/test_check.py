from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from dirac_forge.channel.records import Record
from dirac_forge.check.answer_reasons import (
    NewerVersions,
    NowInstallable,
    OlderVersion,
    ProposalRefused,
    Refused,
    Unanswered,
    VersionMove,
)
from dirac_forge.check.causes import Cause, MachineMismatch, NoBuild, NoVersion, PythonLine, PythonMismatch, UnknownName
from dirac_forge.check.cells import Cell, HeldBack
from dirac_forge.check.difference import difference
from dirac_forge.check.exports import Built
from dirac_forge.check.proof import Outcome, Proof, Verdict
from dirac_forge.check.proof_reasons import BrokenEnvironment, EnvironmentProof
from dirac_forge.check.remedies import BuildFor, BuildForPython, Remedy, Unblock
from dirac_forge.report.check import markdown, terminal
from dirac_forge.report.check_json import document
from dirac_forge.report.proof_words import environment_words

LIB = Record(name="lib", version="1.0", build="0", subdir="linux-64")
YES = Cell(
    target="app",
    platform="linux-64",
    python="3.12",
    specs=("app", "python 3.12.*"),
    wanted=True,
    status="installable",
    version="1.0",
    packages=(LIB,),
)
BUILD = BuildFor(platform="win-64")
CAUSE = Cause(
    obstacle=NoBuild(platform="win-64", elsewhere=("linux-64",)), package="lib", chain=("app", "lib"), spec="lib <2"
)
NO = replace(
    YES,
    platform="win-64",
    wanted=False,
    status="not-installable",
    version="",
    packages=(),
    reason=Refused(causes=(CAUSE,)),
    unblock=Unblock(
        remedies=(
            Remedy(package="lib", action=BUILD, record=LIB),
            Remedy(package="low", action=BUILD, record=LIB),
        ),
        smallest=True,
    ),
)
UNKNOWN = replace(
    NO, platform="osx-64", status="unknown", reason=Unanswered(message="the channel can't be reached"), unblock=None
)
CELLS = (YES, NO, replace(NO, python="3.13"), UNKNOWN)
AFTER = replace(YES, packages=(replace(LIB, version="2.0"),))
PROPOSAL = Proof(
    outcome="worse",
    verdicts=(
        Verdict(before=YES, after=AFTER, outcome="same", difference=difference(YES.packages, AFTER.packages)),
        Verdict(
            before=replace(YES, python="3.13"),
            after=YES,
            outcome="worse",
            reason=ProposalRefused(
                target="app",
                packages=(replace(LIB, version="2.0"),),
                together=False,
                why=Unanswered(message="<why>"),
            ),
            failing=(replace(LIB, version="2.0"),),
            difference=difference((), ()),
        ),
    ),
)


def shown(*args: object, **more: bool) -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=150, color_system=None).print(terminal(*args, **more))  # type: ignore[arg-type]
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_equal_reasons_are_told_once() -> None:
    lines = shown(CELLS)
    assert "win-64, Python 3.12, 3.13: not installable" in lines
    assert lines.count("  app → lib: no build for win-64 (there is one for linux-64)") == 1
    assert "  to unblock it: build lib and low for win-64" in lines
    assert "osx-64, Python 3.12: unknown" in lines
    assert "  the channel can't be reached" in lines


def test_platforms_with_the_same_reason_share_a_paragraph() -> None:
    gone = replace(UNKNOWN, platform="linux-64")
    lines = shown((UNKNOWN, gone, replace(gone, python="3.13")))
    assert "osx-64, Python 3.12; linux-64, Python 3.12, 3.13: unknown" in lines
    assert shown((UNKNOWN, gone)).count("  the channel can't be reached") == 1
    assert "osx-64 and linux-64, Python 3.12: unknown" in shown((UNKNOWN, gone))


def test_packages_that_fail_alike_share_a_line() -> None:
    other = replace(CAUSE, package="low", chain=("app", "low"))
    deep = replace(CAUSE, package="deep", chain=("app", "lib", "deep"))
    lines = shown((replace(NO, reason=Refused(causes=(CAUSE, other, deep))),))
    assert "  app → lib and low: no build for win-64 (there is one for linux-64)" in lines
    assert "  app → lib → deep: no build for win-64 (there is one for linux-64)" in lines


MANY = tuple(f"p{number}" for number in range(20))
MANY_NO = replace(
    NO,
    unblock=Unblock(
        remedies=tuple(Remedy(package=name, action=BUILD, record=LIB) for name in ("lib", *MANY)),
        smallest=False,
    ),
)


def test_many_remedies_are_counted_and_those_of_the_causes_come_first() -> None:
    assert shown((MANY_NO,))[-4:-1] == [
        "  to unblock it: 21 changes together",
        "    for the causes above: build lib for win-64",
        "    for what these need: build p0, p1, p2, p3 and p4 for win-64 and 15 more changes (check -v lists them)",
    ]
    assert len(document((MANY_NO,))["results"][0]["unblock"]["remedies"]) == 21
    assert MANY_NO.unblock is not None
    fewer = replace(MANY_NO, unblock=replace(MANY_NO.unblock, remedies=MANY_NO.unblock.remedies[:7]))
    assert shown((fewer,))[-2].endswith("p4 for win-64 and 1 more change (check -v lists them)")
    stream = io.StringIO()
    Console(file=stream, width=400, color_system=None).print(terminal((MANY_NO,), verbose=True))
    assert f"    for what these need: build {', '.join(MANY[:-1])} and {MANY[-1]} for win-64\n" in stream.getvalue()


def test_cells_with_one_reason_and_different_remedies() -> None:
    lines = shown((NO, replace(MANY_NO, python="3.13")))
    assert lines.count("  app → lib: no build for win-64 (there is one for linux-64)") == 1
    assert "  to unblock it (win-64, Python 3.12): build lib and low for win-64" in lines
    assert "  to unblock it (win-64, Python 3.13): 21 changes together" in lines


def test_long_lines_go_on_further_right() -> None:
    stream = io.StringIO()
    Console(file=stream, width=40, color_system=None).print(
        terminal((replace(UNKNOWN, reason=Unanswered(message="word " * 12)),))
    )
    told = [line.rstrip() for line in stream.getvalue().splitlines() if "word" in line]
    assert told == [f"  {' '.join(['word'] * 7)}", f"    {' '.join(['word'] * 5)}"]


def test_a_target_that_names_its_python_has_a_column_of_its_version() -> None:
    lines = shown((replace(YES, python="", specs=("app >=1", "python 3.12.*")),))
    assert "┃ platform ┃  app  ┃" in lines
    lines = shown((replace(YES, target="environment.yml", python="", specs=("app >=1", "python 3.12.*")),))
    assert "┃ platform ┃ environment.yml ┃" in lines


def test_versions_of_all_that_a_file_asks_for() -> None:
    def cell(python: str, low: str, *more: str) -> Cell:
        specs = ("app", "low >=1", *(f"lib{at}" for at in range(20) if more), f"python {python}.*", "__glibc >=2.17")
        names = {"app": "1.0", "low": low, "python": f"{python}.1", "deep": "1"} | dict.fromkeys(more, "1.0")
        packages = tuple(Record(name=name, version=one, build="0", subdir="linux-64") for name, one in names.items())
        return replace(YES, target="env.yml", python=python, specs=specs, packages=packages)

    lines = shown([cell("3.11", "1.0"), cell("3.12", "2.0"), cell("3.13", "2.0"), replace(NO, target="env.yml")])
    at = lines.index("linux-64, Python 3.11: installs")
    assert lines[at : at + 5] == [
        "linux-64, Python 3.11: installs",
        "  app 1.0 and low 1.0",
        "",
        "linux-64, Python 3.12, 3.13: installs",
        "  app 1.0 and low 2.0",
    ]
    assert document([cell("3.11", "1.0")])["results"][0]["versions"] == {"app": "1.0", "low": "1.0"}
    many = cell("3.11", "1.0", *(f"lib{at}" for at in range(20)))
    first = ", ".join(("app 1.0", "low 1.0", *(f"lib{at} 1.0" for at in range(10))))
    assert f"{first} and 10 more (check -v lists them)" in " ".join(line.strip() for line in shown([many]))
    assert "and lib19 1.0" in " ".join(line.strip() for line in shown([many], verbose=True))
    assert not any("installs" in line for line in shown([YES]))


def _of(target: str, outcome: Outcome = "better", **more: object) -> Verdict:
    before = replace(YES, target=target, specs=(target,), status="unknown", version="", packages=())
    package = Record(name=target, version="2.0", build="0", subdir="linux-64")
    after = replace(before, status="installable", version="2.0", packages=(package,))
    verdict = Verdict(before=before, after=after, outcome=outcome)
    return replace(verdict, **more)  # type: ignore[arg-type]


def test_many_targets_with_recipes_are_one_table_and_what_is_not_fine() -> None:
    lost = EnvironmentProof(output="gone", part="host", platform="linux-64", status="not-installable")
    gone = _of("gone", "same")
    gone = replace(gone, after=gone.before, unbuilt=(lost,))
    doubt = _of("doubt", "unknown", reason=Unanswered(message="<why>"))
    other = _of("wide")
    there = replace(other.after, platform="osx-64", version="1.0")
    wide = (other, replace(other, before=there, after=there, outcome="same"))
    verdicts = (_of("good"), *wide, doubt, gone)
    names = ("good", "wide", "doubt", "gone")
    records = [Record(name=name, version="2.0", build="0", subdir="linux-64") for name in names]
    proposal = Proof(
        outcome="unknown",
        verdicts=verdicts,
        built=tuple(Built(feedstock="f", record=one, platform="linux-64") for one in records),
    )
    cells = [verdict.before for verdict in verdicts]
    lines = shown(cells, proposal)
    assert lines[:6] == [
        "With good 2.0, wide 2.0, doubt 2.0, gone 2.0",
        "  target  with these recipes",
        "  good    ▲ unknown → 2.0",
        "  wide    ▲ unknown → 2.0 (1 cell), = 1.0 (1 cell)",
        "  doubt   ? unknown",
        "  gone    ✗ can't be built",
    ]
    assert lines[lines.index("doubt") :][:3] == ["doubt", "linux-64, Python 3.12: unknown", "  <why>"]
    assert not {"good", "wide"} & set(lines)
    assert not any("┃" in line for line in lines)
    assert "good with good 2.0, wide 2.0, doubt 2.0, gone 2.0" in shown(cells, proposal, verbose=True)


def test_what_a_proposal_changes() -> None:
    lines = shown([YES], PROPOSAL)
    assert "  lib 1.0 → 2.0" in lines
    at = lines.index("linux-64, Python 3.13: worse")
    assert lines[at + 1] == "  lib 2.0 can't be installed with app: <why>"
    assert "with these recipes: worse (1 same and 1 worse)" in lines


def test_markdown() -> None:
    text = markdown(CELLS, PROPOSAL)
    assert "| app | Python 3.12 | Python 3.13 |" in text
    assert "| linux-64 | ✓ 1.0 |  |" in text
    cause = "app → lib: no build for win-64 (there is one for linux-64)"
    assert f"- win-64, Python 3.12, 3.13: not installable: {cause}; to unblock it: " in text
    assert "- linux-64, Python 3.13: worse: lib 2.0 can't be installed with app: &lt;why>" in text


def test_json() -> None:
    found = document(CELLS)
    assert found["results"][0] == {
        "target": "app",
        "platform": "linux-64",
        "python": "3.12",
        "specs": ["app", "python 3.12.*"],
        "status": "installable",
        "wanted": True,
        "version": "1.0",
        "versions": {},
        "packages": 1,
        "reason": None,
    }
    assert [one["status"] for one in found["results"]] == [
        "installable",
        "not-installable",
        "not-installable",
        "unknown",
    ]
    assert "with" not in found
    as_if = document(CELLS, PROPOSAL)
    assert [one["status"] for one in as_if["results"]] == ["installable", "not-installable"]
    assert as_if["with"]["outcome"] == "worse"


def test_changes_that_cells_share_are_told_once() -> None:
    zlib = Record(name="zlib", version="1.2", build="0", subdir="osx-64")
    mac = replace(YES, platform="osx-64", packages=(LIB, zlib))
    after = (replace(LIB, version="2.0"),)
    verdicts = (
        Verdict(before=YES, after=AFTER, outcome="same", difference=difference(YES.packages, after)),
        Verdict(
            before=mac,
            after=replace(mac, packages=(*after, replace(zlib, version="1.3"))),
            outcome="same",
            difference=difference(mac.packages, (*after, replace(zlib, version="1.3"))),
        ),
    )
    lines = shown((YES, mac), Proof(outcome="same", verdicts=verdicts))
    assert lines[-8:] == [
        "linux-64 and osx-64, Python 3.12: same",
        "  lib 1.0 → 2.0",
        "",
        "osx-64, Python 3.12: same",
        "  zlib 1.2 → 1.3",
        "",
        "with these recipes: same in all 2 cells",
        "",
    ]


def test_of_a_new_environment_the_packages_next_to_the_target_are_told() -> None:
    def record(name: str, *depends: str) -> Record:
        return Record(name=name, version="1.0", build="0", subdir="linux-64", depends=depends)

    before = replace(NO, platform="linux-64")
    packages = (record("app", "lib >=1", "python"), record("lib", "low"), record("low"), record("python", "zlib"))
    after = replace(YES, packages=(*packages, record("zlib")))
    reason = NowInstallable(target="app", version="1.0")
    changes = difference((), after.packages)
    verdict = Verdict(before=before, after=after, outcome="better", reason=reason, difference=changes)
    proof = Proof(outcome="better", verdicts=(verdict,))
    lines = shown((before,), proof)
    at = lines.index("linux-64, Python 3.12: better")
    assert lines[at + 1 : at + 6] == [
        "  app 1.0 can be installed",
        "  + lib 1.0",
        "  + python 1.0",
        "  5 packages in all (check -v lists them)",
        "",
    ]
    alone = replace(verdict, after=replace(YES, packages=packages[2:3]), difference=difference((), packages[2:3]))
    said = shown((before,), Proof(outcome="better", verdicts=(alone,)))
    assert "  1 package in all (check -v lists them)" in said
    whole = shown((before,), proof, verbose=True)
    assert {"  + app 1.0", "  + low 1.0", "  + zlib 1.0"} <= set(whole)
    # What a target that is there already gets is a change for its users, all of it.
    older = replace(YES, packages=(record("app"),))
    verdict = replace(verdict, before=older, difference=difference(older.packages, after.packages))
    assert {"  + low 1.0", "  + zlib 1.0"} <= set(shown((older,), replace(proof, verdicts=(verdict,))))


def test_target_that_still_cannot_be_installed_says_so() -> None:
    ghost = Cause(obstacle=UnknownName(), package="ghost", chain=("app", "ghost"))
    after = replace(NO, reason=Refused(causes=(ghost,)))
    verdict = Verdict(before=NO, after=after, outcome="same", reason=after.reason, difference=difference((), ()))
    lines = shown((NO,), Proof(outcome="same", verdicts=(verdict,)))
    assert "│ win-64   │ ✗ still no  │" in lines
    assert lines[lines.index("win-64, Python 3.12: same") + 1] == "  app → ghost: no channel has a package of this name"


def narrow(*cells: Cell) -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=80, color_system=None).print(terminal(cells))
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_matrix_on_a_narrow_terminal_is_never_cut() -> None:
    five = [replace(YES, python=f"3.{minor}", version="9.1.22") for minor in range(10, 15)]
    assert "┃ platform ┃   3.10   ┃   3.11   ┃   3.12   ┃   3.13   ┃   3.14   ┃" in narrow(*five)
    wide = [replace(cell, version="20261127.123456") for cell in five]
    assert narrow(*wide)[:3] == ["app", "  linux-64", "    Python 3.10: ✓ 20261127.123456"]


def test_cells_with_the_same_words_share_a_paragraph() -> None:
    def no(minor: int) -> Cell:
        wish = PythonLine(3, minor)
        known = tuple(PythonLine(3, each) for each in (11, 12, 13))
        obstacle = PythonMismatch(noarch=False, fit=known[-1:], known=known, wish=(wish,), holder="", specs=())
        build = Remedy(package="ext", action=BuildForPython(pythons=(wish,)), record=None)
        return replace(
            NO,
            python=str(wish),
            reason=Refused(causes=(Cause(obstacle=obstacle, package="ext", chain=("app", "ext")),)),
            unblock=Unblock(remedies=(build,), smallest=True),
        )

    lines = shown((no(11), no(12)))
    at = lines.index("win-64, Python 3.11, 3.12: not installable")
    assert lines[at + 1 : at + 3] == [
        "  app → ext: built only for Python ≥3.13",
        "  to unblock it: build ext for Python 3.11 and 3.12",
    ]


def test_newer_version_that_the_machine_keeps_away_is_told() -> None:
    mismatch = MachineMismatch(specs=("__glibc >=2.34",), name="__glibc", have="2.28")
    cause = Cause(obstacle=mismatch, package="lib", chain=("app", "lib"), spec="__glibc >=2.34")
    held = HeldBack(package="app", version="2.0", causes=(cause,))
    cells = (replace(YES, held_back=held), replace(YES, python="3.13", held_back=held))
    lines = shown(cells)
    at = lines.index("linux-64, Python 3.12, 3.13: app 2.0 is newer and can't be installed here")
    assert lines[at + 1] == "  app → lib: needs __glibc >=2.34, and the machine is assumed to have __glibc 2.28"
    assert document(cells)["results"][0]["held_back"] == {
        "package": "app",
        "version": "2.0",
        "reason": "app → lib: needs __glibc >=2.34, and the machine is assumed to have __glibc 2.28",
    }


def test_an_environment_that_breaks_is_told_in_the_last_line() -> None:
    cause = replace(CAUSE, package="ffi", chain=("app", "ffi"))
    broken = EnvironmentProof(
        output="app", part="host", platform="linux-64", status="not-installable", reason=Refused(causes=(cause,))
    )
    reason = BrokenEnvironment(environment=broken)
    verdict = Verdict(before=YES, after=YES, outcome="same", difference=difference(YES.packages, YES.packages))
    lines = shown((YES,), Proof(outcome="worse", reason=reason, verdicts=(verdict,)))
    assert (
        "with these recipes: worse: the host environment of app on linux-64 can't be solved: "
        "app → ffi: no build for win-64 (there is one for linux-64)"
    ) in " ".join(lines)


def test_a_newer_version_is_told_once_also_where_it_is_the_reason() -> None:
    app = replace(LIB, name="app")
    before, after = replace(YES, packages=(app,)), replace(YES, version="2.0", packages=(replace(app, version="2.0"),))
    verdict = Verdict(
        before=before,
        after=after,
        outcome="better",
        reason=NewerVersions(moves=(VersionMove(name="app", old="1.0", new="2.0"),)),
        difference=difference(before.packages, after.packages),
    )
    lines = shown([before], Proof(outcome="better", verdicts=(verdict,)))
    assert lines[lines.index("linux-64, Python 3.12: better") :] == [
        "linux-64, Python 3.12: better",
        "  app 1.0 → 2.0",
        "",
        "with these recipes: better",
        "",
    ]
    older = replace(
        verdict,
        before=after,
        after=before,
        outcome="worse",
        reason=OlderVersion(move=VersionMove(name="app", old="2.0", new="1.0")),
        difference=difference(after.packages, before.packages),
    )
    assert [line for line in shown([after], Proof(outcome="worse", verdicts=(older,))) if "only app" in line] == [
        "  only app 1.0 can be installed, 2.0 before"
    ]
    assert "  app 2.0 → 1.0" not in shown([after], Proof(outcome="worse", verdicts=(older,)))


def test_what_a_target_lacks_is_not_told_again_of_the_output() -> None:
    new = replace(LIB, name="app", version="2.0")
    refused = Refused(causes=(CAUSE,))
    reason = ProposalRefused(target="app", packages=(new,), together=False, why=refused)
    run = EnvironmentProof(
        output="app", part="run", platform="linux-64", variant="", status="not-installable", reason=refused
    )
    host = replace(run, part="host", reason=Refused(causes=(replace(CAUSE, package="make", chain=("app", "make")),)))
    proposal = Proof(
        outcome="worse",
        verdicts=(Verdict(before=YES, after=YES, outcome="worse", reason=reason, failing=(new,)),),
        environments=(run, replace(run, output="other"), host),
    )
    told = [line.partition(":")[0] for line in shown([YES], proposal) if line.startswith("- ")]
    assert told == ["- run of other (linux-64)", "- host of app (linux-64)"]


def test_a_lock_is_told_by_the_number_of_its_packages() -> None:
    other = replace(LIB, name="app")
    lock = replace(YES, target="pixi.lock", specs=("app ==1.0 0", "lib ==1.0 0"), packages=(other, LIB))
    assert "| linux-64 | ✓ 2 packages |" in markdown([lock])


def test_of_very_many_causes_the_first_are_whole() -> None:
    found = tuple(
        Cause(obstacle=NoVersion(specs=(f"lib{at} >=2",), newest="1.0"), package=f"lib{at}", chain=("app", f"lib{at}"))
        for at in range(30)
    )
    words = environment_words(Refused(causes=found))
    assert words.startswith("app → lib0: no build matches lib0 >=2: the newest version is 1.0; app → lib1: ")
    assert words.endswith("lib8: no build matches lib8 >=2: the newest version is 1.0; and 21 more causes")
    assert environment_words(Refused(causes=found[:1])).endswith("the newest version is 1.0")
