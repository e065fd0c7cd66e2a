"""Bumps on a terminal and as JSON."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace

from packaging.version import Version
from rich.cells import cell_len
from rich.console import Console

from dirac_forge.build.evidence import BuildEvidence, FailedPart
from dirac_forge.build.failures import SourceUnavailable
from dirac_forge.bump.blockers import FailedBuild
from dirac_forge.bump.bump_notes import OlderThanChannel
from dirac_forge.bump.objections import PassedOver, PlaceObjects, PreRelease
from dirac_forge.bump.proposal import Bump
from dirac_forge.bump.skip_reasons import Current, UpdatesOff
from dirac_forge.check.proof import Proof, Verdict
from dirac_forge.check.proof_reasons import EnvironmentProof
from dirac_forge.feedstock.change import Skip
from dirac_forge.report.bodies import with_body
from dirac_forge.report.bumps import bumps_text
from dirac_forge.report.bumps_json import bumps_json

from .examples import BARE, CELL, FULL, proposed


def current(name: str, version: str, *passed_over: PassedOver) -> Skip:
    return Skip(feedstock=name, reason=Current(version=version, passed_over=passed_over), current=version)


TEXT = """\
feedstock   version         released    status
dirac-grid  9.1.9 → 9.1.22  2026-11-02  blocked   waits for m2crypto and httpx2
demo@v1.x   1.0 → 1.1                   proposed  not proven

dirac-grid 9.1.9 → 9.1.22
  Order
    - It is blocked until the channel has m2crypto >=0.50 and httpx2.
    - m2crypto >=0.50 (run of dirac-grid): the channel has m2crypto up to 0.45.1
    - lhcbdirac main needs dirac-grid >=9.1,<10: 9.1.22 belongs to it
  Checks
    - Targets get worse: dirac-grid 9.1.22 can't be installed on osx-64
    - Assumes that these are already merged: m2crypto.
    - the run_exports of lib are unknown: requirements of the builds may be
      missing
    dirac-grid  Python 3.12
    linux-64    ▲ 9.1.9 → 9.1.22
    osx-64      ▼ worse
    - linux-64, Python 3.12: better: dirac-grid 9.1.9 → 9.1.22
    - osx-64, Python 3.12: worse: dirac-grid 9.1.22 can't be installed: m2crypto
      >=0.50 has no build for osx-64
    - Build, host and run environments of the feedstock: 2 can be installed, 1
      can't, 1 unknown
    - run of dirac-grid (linux-64; python 3.13): m2crypto has no build for
      Python 3.13
    - run of dirac-grid (osx-64): no answer
  Needs review
    - https://example.org/v9.1.22/LICENSE: the tag's prefix `v` changed
    - zipp >=3 (run of dirac-grid): the channel has zipp up to 2.1
    - The recipe has patches, which were not tried on the new source:
      fix-@octocat.patch
    - to do: dirac-grid: add zipp to host by hand (zipp>=3)
    - dirac-grid: upstream's licence is now MIT (was GPL-3.0-only)
  New recipes
    It needs packages that no channel has. Their recipes are proposed for
    staged-recipes:
    - httpx2 0.3: dirac-grid 9.1.22 needs httpx2; the channel has no such
      package
--- a/recipe/recipe.yaml
+++ b/recipe/recipe.yaml
@@ -1,4 +1,5 @@
-version: 9.1.9
-sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
+version: 9.1.22
+sha256: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
+sha256: cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc
 run:
-  - m2crypto >=0.36
+  - m2crypto >=0.50

--- a/recipe/meta.yaml
+++ b/recipe/meta.yaml
@@ -1 +1 @@
-version: 1.0
+version: 1.1

1 proposed, 1 blocked; nothing was written: --write writes what is proposed.
"""
YANKED = PassedOver(version=Version("1.2"), reason=PlaceObjects(objection="yanked (bad)"))
SKIPS = (
    *(current(f"f{n}", "2.0") for n in range(3)),
    Skip(feedstock="odd", branch="v1", reason=Current(version="1.1", passed_over=(YANKED,)), current="1.1"),
    Skip(feedstock="there", reason=Current(version="3", asked=True), current="3"),
    Skip(feedstock="a", reason="its sources are nowhere", kind="no", hint="Give --to.", current="1"),
    Skip(feedstock="b", reason="its sources are nowhere", kind="no", hint="Give --to.", current="2"),
    Skip(feedstock="broken", reason="recipe.yaml:1: no version", kind="unreadable"),
    Skip(feedstock="dark", reason="pypi.org can't be reached", kind="unknown", current="1"),
    Skip(feedstock="off", reason=UpdatesOff(line=4), current="1"),
)


def shown(
    results: Sequence[Bump | Skip],
    *,
    width: int = 80,
    verbose: bool = False,
    diffs: bool = False,
    requested: bool = False,
    written: bool = False,
) -> list[str]:
    stream = io.StringIO()
    text = bumps_text(results, written=written, verbose=verbose, diffs=diffs, requested=requested)
    Console(file=stream, width=width).print(text, crop=False)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_a_terminal_of_80_columns() -> None:
    lines = shown([FULL, BARE], diffs=True)
    assert "\n".join(lines) + "\n" == TEXT
    assert max(map(cell_len, lines)) <= 80


def test_with_v_all_that_a_pull_request_would_say() -> None:
    lines = shown([FULL], verbose=True, width=200)
    assert "    [ ] The patches still apply, and upstream does not have them yet." in lines
    assert "-version: 9.1.9" in lines
    quiet = shown([FULL], width=200)
    assert "  Before merging" in lines
    assert "  Next steps" not in lines
    assert "  Next steps" in shown([FULL], verbose=True, width=200, requested=True)
    assert not {"  Before merging", "  Next steps", "-version: 9.1.9"} & set(quiet)


def test_a_reason_has_its_own_line_where_the_terminal_is_narrow() -> None:
    name = "a-feedstock-with-a-rather-long-name"
    assert shown([replace(proposed(name), waits_for=("m2crypto",), released=FULL.released)], width=60)[:3] == [
        "feedstock                            version    status",
        "a-feedstock-with-a-rather-long-name  1.0 → 1.1  proposed",
        "    waits for m2crypto",
    ]
    assert shown([FULL], width=100)[:2] == [
        "feedstock   version         released                 status",
        "dirac-grid  9.1.9 → 9.1.22  2026-05-01 → 2026-11-02  blocked  waits for m2crypto and httpx2",
    ]


def test_skips_are_grouped_by_their_reason() -> None:
    assert shown(SKIPS) == [
        "Nothing to do",
        "  - 5 are up to date: f0 2.0, f1 2.0, f2 2.0, odd@v1 1.1 and there 3",
        "  - odd@v1: 1.1 is the newest release that fits (1.2: yanked (bad))",
        "  - off 1: conda-forge.yml, line 4 asks for no new versions (version_updates:",
        "    skip)",
        "",
        "Not possible",
        "  - a 1 and b 2: its sources are nowhere (Give --to.)",
        "",
        "Can't be read or edited",
        "  - broken: recipe.yaml:1: no version",
        "",
        "Unknown",
        "  - dark 1: pypi.org can't be reached",
        "",
        "5 up to date, 2 not possible, 1 that can't be read or edited, 1 unknown, 1 kept",
        "as is.",
    ]
    assert shown([]) == ["The workspace has no feedstocks."]


def test_the_counts_have_the_words_of_the_column() -> None:
    waiting = replace(proposed("b"), status="waiting", waits_for=("a",))
    current = Skip(feedstock="c", reason=Current(version="2"), current="2")
    some: list[Bump | Skip] = [proposed("a"), waiting, current, replace(waiting, status="unknown")]
    kept = Skip(feedstock="d", reason="no answer", kind="unknown")
    assert shown([*some, kept], width=150)[-1] == (
        "1 proposed, 1 waiting, 2 unknown, 1 up to date; nothing was written: --write writes what is proposed."
    )
    assert shown(some, written=True, width=150)[-1] == "1 written, 1 waiting, 1 unknown, 1 up to date."
    # The section says it already.
    assert shown([current]) == ["Nothing to do", "  - 1 is up to date: c 2"]
    assert shown([kept]) == ["Unknown", "  - d: no answer"]


def test_a_hint_for_several_hosts_is_told_once() -> None:
    hint = "Check the network."
    skips = [
        Skip(feedstock=name, reason=f"{host} can't be reached", kind="unknown", hint=hint, current="1")
        for name, host in (("a", "x.org"), ("b", "y.org"), ("c", "x.org"))
    ]
    assert shown(skips) == [
        "Unknown",
        "  - a 1 and c 1: x.org can't be reached",
        "  - b 1: y.org can't be reached",
        "  - Check the network.",
        "",
        "3 unknown.",
    ]
    assert shown(skips[1:2])[1] == "  - b 1: y.org can't be reached (Check the network.)"


def test_of_very_many_that_are_up_to_date_some_are_named() -> None:
    many = [current(f"f{n}", "2") for n in range(100)]
    assert shown(many, width=1000)[1].endswith(", f38 2, f39 2 and 60 more")
    assert shown(many, width=1000, verbose=True)[1].endswith(", f98 2 and f99 2")


def test_of_very_many_that_were_passed_over_some_are_told() -> None:
    many = [current(f"f{n}", "2", PassedOver(version=Version("3a1"), reason=PreRelease())) for n in range(12)]
    lines = shown(many)
    assert "  - f9: 2 is the newest release that fits (3a1: a pre-release)" in lines
    assert "  - and 2 more" in lines
    assert "  - f11: 2 is the newest release that fits (3a1: a pre-release)" in shown(many, verbose=True)


def test_recipes_that_are_older_than_the_channel_s_packages_are_told_once() -> None:
    bumps = [
        replace(BARE, change=replace(BARE.change, feedstock=name), notes=(older,))
        for name in ("a", "b")
        for older in [OlderThanChannel(feedstock=name, package=f"py-{name}", version="1.0", newest="1.2")]
    ]
    assert shown(bumps, width=150)[1:] == [
        "a@v1.x     1.0 → 1.1  proposed  not proven",
        "b@v1.x     1.0 → 1.1  proposed  not proven",
        "",
        "For several feedstocks",
        (
            "  - the channel is ahead of the recipes here: py-a 1.2 (here 1.0) and py-b 1.2 (here 1.0); "
            "`dirac-forge sync a b` fetches the newest"
        ),
        "",
        "2 proposed; nothing was written: --write does that.",
    ]


def test_control_characters_do_nothing_to_a_terminal() -> None:
    hostile = "x\x1b]0;title\x07\x1b[31m\u202ey"
    bump = replace(BARE, notes=(hostile,), waits_for=(hostile,))
    text = "\n".join(shown([bump, Skip(feedstock="f", reason=hostile)], verbose=True))
    assert "x]0;title[31my" in text
    assert not set("\x1b\x07\u202e") & set(text)


def test_bump_whose_build_is_unknown_is_not_called_blocked() -> None:
    silent = SourceUnavailable(phase="source", url="https://host.invalid/a", reason="no answer", unknown=True)
    failed = (FailedPart(name="demo", failure=silent, unknown=True),)
    evidence = BuildEvidence(platform="linux-64", outputs=(), failed=failed)
    bump = replace(BARE, status="unknown", build=evidence, blocked_by=(FailedBuild(evidence=evidence),))
    lines = shown([bump], width=120)
    said = "demo: the source https://host.invalid/a can't be fetched: no answer"
    assert f"demo@v1.x  1.0 → 1.1  unknown  {said}" in lines
    assert f"    - Unknown: {said}" in lines
    assert lines[-1] == "1 unknown."
    assert not any("locked" in line for line in lines)


def test_unknown_environments_are_told_with_the_targets() -> None:
    same = Verdict(before=CELL, after=CELL, outcome="same")
    unknown = EnvironmentProof(output="demo", part="host", platform="linux-64", status="unknown")
    known = replace(unknown, status="installable")
    for found, said in ((known, ""), (unknown, "; whether it can be built and installed is unknown")):
        proof = Proof(outcome="same", verdicts=(same, same), environments=(found,))
        lines = shown([replace(BARE, proof=proof)], width=150)
        assert f"demo@v1.x  1.0 → 1.1  proposed  targets: all 2 cells as before{said}" in lines


def test_json() -> None:
    document = bumps_json([with_body(FULL), BARE, SKIPS[0]])
    full, bare, skip = json.loads(json.dumps(document))["bumps"]
    for one in (full, bare, skip):
        assert list(one)[:10] == [
            *("feedstock", "branch", "from", "to", "status", "reason", "waits_for", "edits", "dependencies", "checks")
        ]
    assert (full["from"], full["to"], full["status"], full["waits_for"]) == (
        "9.1.9",
        "9.1.22",
        "blocked",
        ["m2crypto", "httpx2"],
    )
    assert full["released"] == {"from": "2026-05-01T00:00:00+00:00", "to": "2026-11-02T08:00:00+00:00"}
    assert [one["outcome"] for one in full["checks"]] == ["better", "worse"]
    assert full["environments"][2] == {
        "output": "dirac-grid",
        "part": "run",
        "platform": "linux-64",
        "made_for": "linux-64",
        "variant": "python 3.13",
        "status": "not-installable",
        "reason": "m2crypto has no build for Python 3.13",
        "fault": False,
        "replaced": False,
    }
    assert full["proof"] == {
        "outcome": "worse",
        "reason": "dirac-grid 9.1.22 can't be installed on osx-64",
        "beside": ["m2crypto"],
        "warnings": ["the run_exports of lib are unknown: requirements of the builds may be missing"],
        "unblock": [],
    }
    assert full["blocked_by"] == ["m2crypto >=0.50 (run of dirac-grid): the channel has m2crypto up to 0.45.1"]
    assert full["reason"] == (
        "m2crypto >=0.50 (run of dirac-grid): the channel has m2crypto up to 0.45.1; 9.1.22 is the newest that fits; "
        "dirac-grid, entry points: dirac-x = DIRAC.x:main added (upstream added it: entry point "
        "dirac-x = DIRAC.x:main); dirac-grid, run: m2crypto >=0.36 → m2crypto >=0.50 "
        "(upstream's bound moved: M2Crypto>=0.50)"
    )
    assert [line["package"] for line in full["dependencies"]["changed"]] == ["m2crypto"]
    (moved,) = full["dependencies"]["changed"]
    assert (moved["reason"], moved["reason_code"]) == ("upstream's bound moved", "bound-moved")
    assert [one["origin"] for one in full["hashes"]] == ["index", "downloaded"]
    assert full["links"][0] == {
        "title": "release",
        "url": "https://github.com/DIRACGrid/DIRAC/releases/tag/v9.1.22",
    }
    (new,) = full["recipes"]
    assert new.pop("body").startswith("## httpx2 0.3\n\n- Needed for **dirac-grid 9.1.22**.\n")
    assert [new] == [
        {
            "feedstock": "httpx2",
            "version": "0.3",
            "title": "httpx2 0.3",
            "reason": "dirac-grid 9.1.22 needs httpx2; the channel has no such package",
            "files": {},
        }
    ]
    assert full["satisfies"] == ["lhcbdirac main needs dirac-grid >=9.1,<10: 9.1.22 belongs to it"]
    assert full["patches"] == ["fix-@octocat.patch"]
    assert full["body"].startswith("## dirac-grid 9.1.9 → 9.1.22\n")
    assert (bare["checks"], bare["environments"], bare["proof"]) == ([], [], None)
    assert bare["notes"] == ["not proven: the solver did not check the targets"]
    assert (skip["from"], skip["to"], skip["status"], skip["kind"]) == ("2.0", None, "skipped", "nothing")
