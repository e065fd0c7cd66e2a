"""What a reviewer reads of a bump."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dirac_forge.bump.bump_notes import IgnoredKey, NotCarried, RespelledSource, SecondLeft
from dirac_forge.bump.changelog import Changelog
from dirac_forge.bump.drift.carried import CarriedReason, LicenceComparison, TooLowPython, UnmetRequirement
from dirac_forge.bump.drift.drift_notes import DriftNote
from dirac_forge.bump.drift.merge import Drift
from dirac_forge.bump.new_needs import Lack, NewNeed
from dirac_forge.bump.part_reasons import LacksOther
from dirac_forge.bump.proposal import ProjectLink
from dirac_forge.channel.listing import Availability
from dirac_forge.check.answer_reasons import RefusedBefore, Unanswered
from dirac_forge.check.cells import Cell
from dirac_forge.check.proof import Proof, Verdict
from dirac_forge.check.proof_reasons import EnvironmentProof, TakenAsThere
from dirac_forge.feedstock.change import Skip
from dirac_forge.recipe.editing.notes import CommitKept, HashKept, NoHash, NumberUnknown
from dirac_forge.report.bodies import dependents_of, with_bodies, with_body
from dirac_forge.report.bump_body import attention_sections
from dirac_forge.report.document import Items
from dirac_forge.upstream.digests import Digest

from .examples import BARE, DRIFT, FULL, M2CRYPTO, PROOF, proposed
from .test_markdown import HOSTILE, harmless

BODY = """\
## dirac-grid 9.1.9 → 9.1.22

Released on 2026-11-02, 9.1.9 on 2026-05-01. 9.1.22 is the newest that fits.

Newer versions that were skipped:

- 10.0a1 to 10.0a7 (7 versions): a pre-release

## Order

- **It is blocked until the channel has m2crypto >=0.50 and httpx2**.
- m2crypto >=0.50 (run of dirac-grid): the channel has m2crypto up to 0.45.1
- Waiting for it: lhcbdirac.
- lhcbdirac main needs dirac-grid >=9.1,&lt;10: 9.1.22 belongs to it

## Checks

- **Targets get worse**: dirac-grid 9.1.22 can't be installed on osx-64
- Assumes that these are already merged: m2crypto.
- the run\\_exports of lib are unknown: requirements of the builds may be missing

| dirac-grid | Python 3.12 |
| --- | --- |
| linux-64 | ▲ 9.1.9 → 9.1.22 |
| osx-64 | ▼ worse |

- linux-64, Python 3.12: better: dirac-grid 9.1.9 → 9.1.22
- osx-64, Python 3.12: worse: dirac-grid 9.1.22 can't be installed: m2crypto >=0.50 has no build for osx-64

| environment | linux-64 | osx-64 |
| --- | --- | --- |
| dirac-grid, host | ✓ |  |
| dirac-grid, run | ✓ python 3.12, ✗ python 3.13 | ? |

- run of dirac-grid (linux-64; python 3.13): m2crypto has no build for Python 3.13
- run of dirac-grid (osx-64): no answer

## Requirements

| in | before | after | upstream | why |
| --- | --- | --- | --- | --- |
| entry points |  | `dirac-x = DIRAC.x:main` | `entry point dirac-x = DIRAC.x:main` | upstream added it |
| run | `m2crypto >=0.36` | `m2crypto >=0.50` | `M2Crypto>=0.50` | upstream's bound moved |

## Needs review

- <https://example.org/v9.1.22/LICENSE>: the tag's prefix \\`v\\` changed
- zipp >=3 (run of dirac-grid): the channel has zipp up to 2.1
- The recipe has patches, which were not tried on the new source: `fix-@\u200boctocat.patch`
- **to do**: dirac-grid: add zipp to host by hand (zipp>=3)
- dirac-grid: upstream's licence is now MIT (was GPL-3.0-only)

## Only reported

- dirac-grid: requests >=2 is the maintainers' own and stays; upstream asks for requests>=2.9

## Sources

| file | hash | taken from |
| --- | --- | --- |
| <https://pypi.org/packages/source/d/dirac/dirac-9.1.22.tar.gz> | sha256 | the index |
| <https://example.org/v9.1.22/LICENSE> | sha256 | the file itself, downloaded |

## New recipes

It needs packages that no channel has. Their recipes are proposed for staged-recipes:

- **httpx2 0.3**: dirac-grid 9.1.22 needs httpx2; the channel has no such package

## Read more

- [release](<https://github.com/DIRACGrid/DIRAC/releases/tag/v9.1.22>)
- [changes](<https://github.com/DIRACGrid/DIRAC/compare/v9.1.9...v9.1.22>)

## Before merging

- [x] The build number of everything at the new version is reset.
- [x] Every source that changed has its new hash (see Sources).
- [ ] The requirements match the new version (see Requirements and Only reported).
- [ ] The licence matches upstream's, and the recipe names all of its files.
- [ ] The patches still apply, and upstream does not have them yet.
- [ ] The targets stay installable (see Checks).
- [ ] The feedstock was rerendered.
- [ ] The builds and tests of this request have passed.

## Next steps

- To change this request, push to its branch; the bot then stops updating it.
- To recreate it from the current recipe: `dirac-forge bump dirac-grid --pr`.
- Comment commands: `please rerender`, `please restart ci` ([all](<https://conda-forge.org/docs/maintainer/infrastructure/>)).
- Merge it, or label it `automerge` to have it merged once all checks pass. Later commits remove the label.
- If you don't want it, close it: this version is not proposed again, but the next one is.
- `bot: {version_updates: {exclude: [VERSION]}}` in `conda-forge.yml` skips a version.
- `bot: {version_updates: {skip: true}}` in `conda-forge.yml` stops all version updates.
- `bot: {inspection: disabled}` in `conda-forge.yml` leaves requirements alone.
- `bot: {remake_prs_with_conflicts: false}` in `conda-forge.yml` leaves conflicts to you.
- `bot: {automerge: version}` in `conda-forge.yml` merges version updates that pass all checks.
- For the bot's operator: `paused = ["dirac-grid"]` pauses it, `dirac-forge bot why dirac-grid` shows its history.

Proposed by [dirac-forge](<https://github.com/DIRACGrid/dirac-forge>).
"""
SHORT = """\
## demo 1.0 → 1.1

1.1 was requested. For the branch v1.x.

## Checks

Not proven: the solver did not check the targets.

## Requirements

Upstream's requirements were not compared with those of the previous release.

## Before merging

- [x] The build number of everything at the new version is reset.
- [ ] Every source that changed has its new hash (see Sources).
- [ ] The requirements match the new version (see Requirements and Only reported).
- [ ] The licence matches upstream's, and the recipe names all of its files.
- [ ] The targets stay installable (see Checks).
- [ ] The feedstock was rerendered.
- [ ] The builds and tests of this request have passed.

## Next steps

- To change this request, push to its branch; the bot then stops updating it.
- To recreate it from the current recipe: `dirac-forge bump demo --pr`.
- Comment commands: `please rerender`, `please restart ci` ([all](<https://conda-forge.org/docs/maintainer/infrastructure/>)).
- Merge it, or label it `automerge` to have it merged once all checks pass. Later commits remove the label.
- If you don't want it, close it: this version is not proposed again, but the next one is.
- `bot: {version_updates: {exclude: [VERSION]}}` in `conda-forge.yml` skips a version.
- `bot: {version_updates: {skip: true}}` in `conda-forge.yml` stops all version updates.
- `bot: {inspection: disabled}` in `conda-forge.yml` leaves requirements alone.
- `bot: {remake_prs_with_conflicts: false}` in `conda-forge.yml` leaves conflicts to you.
- `bot: {automerge: version}` in `conda-forge.yml` merges version updates that pass all checks.
- For the bot's operator: `paused = ["demo"]` pauses it, `dirac-forge bot why demo` shows its history.

Proposed by [dirac-forge](<https://github.com/DIRACGrid/dirac-forge>).
"""


def test_the_whole_body() -> None:
    assert with_body(FULL, waiting=["lhcbdirac"]).change.body == BODY


def test_the_body_where_nothing_is_known() -> None:
    assert with_body(BARE).change.body == SHORT


def test_requirements_that_are_only_reported() -> None:
    drift = Drift(text="another text", changed=(M2CRYPTO,))
    body = with_body(replace(BARE, drift=drift, notes=(NotCarried(change=M2CRYPTO), "something else"))).change.body
    assert (
        "\n## Requirements that were not updated\n\n**dirac-grid**\n\n| in | before | after | upstream | why |\n"
        in body
    )
    assert "\n## Needs review\n\n- above is 1 requirement that was not updated\n- something else\n\n## " in body
    assert body.count("m2crypto &gt;=0.50") + body.count("m2crypto >=0.50") == 1


def test_a_floor_of_python_that_blocks_is_said_once() -> None:
    floor = replace(
        M2CRYPTO,
        output="demo",
        part="python",
        before="",
        after="python_min 3.11",
        reason=CarriedReason(kind="floor-rose"),
    )
    other = replace(M2CRYPTO, output="demo")
    low = TooLowPython(output="demo", has="3.10", wants="3.11", evidence="Requires-Python: >=3.11", update=False)
    blocked = replace(
        BARE,
        status="blocked",
        blocked_by=(low,),
        drift=Drift(text="another text", added=(floor,), changed=(other,)),
        notes=(NotCarried(change=floor), NotCarried(change=other)),
    )
    body = with_body(blocked).change.body
    assert (body.count("3.11 (Requires-Python"), body.count("python_min 3.11")) == (1, 0)
    assert "- above is 1 requirement that was not updated\n" in body
    assert [section.title for section in attention_sections(blocked)] == ["Order", "Needs review"]
    only = replace(blocked, drift=Drift(text="another text", added=(floor,)), notes=(NotCarried(change=floor),))
    said = "\n## Requirements that were not updated\n\nOnly the floor of Python changed: see Order.\n"
    assert said in with_body(only).change.body
    assert "Needs review" not in with_body(only).change.body
    assert [section.title for section in attention_sections(only)] == ["Order"]


def test_nothing_drifted() -> None:
    body = with_body(replace(BARE, drift=Drift(text=BARE.edited.after))).change.body
    assert "\n## Requirements\n\nNo change of upstream's requirements affects the recipe.\n" in body
    assert "\n- [x] The requirements match the new version" in body


def test_the_box_for_requirements_is_ticked_only_where_the_recipe_asks_for_all_that_upstream_does() -> None:
    news = UnmetRequirement(
        output="a", part="run", package="attrs", lines=(9,), has=("attrs",), asked=(">=2",), evidence="attrs>=2",
        fresh=True,
    )  # fmt: skip
    review = "\n## Needs review\n\n- a, line 9: run has attrs; upstream asks for attrs"
    lag = "\n## Only reported\n\n- a is still behind upstream, as before: run has attrs; upstream asks for attrs"
    for unmet, ticked, said in (
        (news, " ", review),
        (replace(news, fresh=False), " ", lag),
        (replace(news, part="host", newest=True), "x", "and a build uses the newest"),
    ):
        body = with_body(replace(BARE, drift=Drift(text=BARE.edited.after, unmet=(unmet,)))).change.body
        assert f"\n- [{ticked}] The requirements match the new version" in body
        assert said in body


def test_licences_are_compared_with_upstreams() -> None:
    same = LicenceComparison(output="demo", recipe="MIT", upstream="MIT", declared=True, agrees=True, all_listed=True)
    box = "The licence matches upstream's, and the recipe names all of its files."
    drift = Drift(text=BARE.edited.after, licences=(same,))
    assert f"\n- [x] {box}\n" in with_body(replace(BARE, drift=drift)).change.body
    other = replace(same, upstream="BSD-2-Clause", agrees=False)
    for licence, section, line in (
        (other, "Needs review", "demo: the recipe's licence is MIT, upstream's is BSD-2-Clause"),
        (
            replace(other, declared=False),
            "Only reported",
            "demo: the recipe says licence MIT; upstream's metadata and licence files say BSD-2-Clause",
        ),
    ):
        body = with_body(replace(BARE, drift=replace(drift, licences=(same, licence)))).change.body
        assert f"\n## {section}\n\n- {line}\n" in body
        assert f"\n- [ ] {box}\n" in body
    unlisted = replace(drift, licences=(replace(same, unlisted=("NOTICE", "COPYING")),))
    body = with_body(replace(BARE, drift=unlisted)).change.body
    assert "\n## Only reported\n\n- demo: the recipe does not list NOTICE, COPYING, which License-File names\n" in body
    assert f"\n- [ ] {box}\n" in body
    for unseen in (replace(drift, licences=(replace(same, all_listed=False),)), replace(drift, other_licences=(7,))):
        assert f"\n- [ ] {box}\n" in with_body(replace(BARE, drift=unseen)).change.body
    told = replace(drift, licences=(replace(other, told=True),))
    assert "the recipe's licence" not in with_body(replace(BARE, drift=told)).change.body


def test_boxes_are_ticked_only_for_what_was_looked_at() -> None:
    cell = Cell(target="grid", platform="linux-64", python="3.12", specs=("grid",), wanted=True, status="installable")
    good = Verdict(before=cell, after=cell, outcome="same")
    missing = replace(good, after=replace(cell, status="not-installable"))
    stay = "The targets stay installable (see Checks)."
    for verdicts, ticked in (((), " "), ((good,), "x"), ((good, missing), " ")):
        body = with_body(replace(BARE, proof=Proof(outcome="same", verdicts=verdicts))).change.body
        assert f"\n- [{ticked}] {stay}\n" in body
    digest = Digest(url="https://e.org/a.tar.gz", hashes={"sha256": "0" * 64}, origin="index")
    edited = replace(BARE.edited, digests=(digest,))
    hashed = "Every source that changed has its new hash (see Sources)."
    commit = CommitKept(line=3, repository="r", revision="abc")
    bare = NoHash(line=3, url="https://e.org/b.zip", moved=True)
    for notes, ticked in (((), "x"), ((HashKept(line=3),), " "), ((commit,), " "), ((bare,), " ")):
        body = with_body(replace(BARE, edited=replace(edited, notes=notes))).change.body
        assert f"\n- [{ticked}] {hashed}\n" in body
    for unknown, ticked in (((), "x"), ((NumberUnknown(line=3),), " ")):
        body = with_body(replace(BARE, edited=replace(edited, notes=unknown))).change.body
        assert f"\n- [{ticked}] The build number of everything at the new version is reset.\n" in body


def test_environments_without_a_solution_are_to_be_reviewed() -> None:
    fine = EnvironmentProof(
        output="demo", part="host", platform="linux-64", variant="python 3.11", status="installable"
    )
    before = RefusedBefore(reason=Unanswered(message="lib is built only for Python 3.11"))
    refused = replace(fine, variant="python 3.12", status="not-installable", reason=before)
    unknown = replace(fine, variant="python 3.13", status="unknown", reason=Unanswered(message="no answer"))
    proof = Proof(outcome="same", verdicts=(PROOF.verdicts[0],), environments=(fine, refused, unknown))
    body = with_body(replace(BARE, proof=proof)).change.body
    assert (
        "\n- 1 of 3 environments of the feedstock can't be solved: host of demo (linux-64; python 3.12): "
        "not solvable without this change either: lib is built only for Python 3.11\n"
    ) in body
    stays = "The targets stay installable (see Checks)."
    assert f"- [ ] {stays}" in body
    assert f"- [x] {stays}" in with_body(replace(BARE, proof=replace(proof, environments=(fine,)))).change.body
    assert (
        "can't be solved"
        not in with_body(replace(BARE, proof=replace(proof, outcome="worse")))
        .change.body.partition("Needs review")[2]
        .partition("## ")[0]
    )


def test_who_waits_for_whom() -> None:
    m2crypto = replace(
        proposed("m2crypto-feedstock"),
        proof=Proof(
            outcome="same",
            environments=(EnvironmentProof(output="m2crypto", part="run", platform="linux-64", status="installable"),),
        ),
    )
    grid = replace(proposed("dirac-grid"), waits_for=("m2crypto",))
    lhcb = replace(proposed("lhcbdirac"), waits_for=("dirac-grid",))
    skip = Skip(feedstock="other", reason="why")
    results = (m2crypto, grid, skip, lhcb)
    assert [dependents_of(one, results) for one in (m2crypto, grid, lhcb)] == [("dirac-grid",), ("lhcbdirac",), ()]
    first, second, third, last = with_bodies(results)
    assert third is skip
    assert "- Waiting for it: dirac-grid.\n" in first.change.body  # type: ignore[union-attr]
    assert "- **It waits for m2crypto**; it can be merged once the channel has it.\n" in second.change.body  # type: ignore[union-attr]
    assert "\n- **The targets stay as they are**\n" in first.change.body  # type: ignore[union-attr]
    assert "\n## Checks\n\nNot proven: its prerequisites are not in the channel yet.\n" in second.change.body  # type: ignore[union-attr]
    assert "Waiting" not in last.change.body  # type: ignore[union-attr]


@given(HOSTILE, HOSTILE, st.sampled_from(["better", "unknown"]))
def test_nothing_foreign_in_a_bump_has_an_effect(one: str, two: str, outcome: Any) -> None:
    line = replace(
        M2CRYPTO, output=one, before=two, after=one, evidence=two, reason=CarriedReason(kind="asked-now", extra=one)
    )
    hostile = DriftNote(level="todo", kind="newcomer", output=two, facts=(("package", one),))
    bump = replace(
        FULL,
        old=one,
        new=two,
        rejected=tuple(replace(item, reason=two) for item in FULL.rejected),
        waits_for=(one, two),
        satisfies=tuple(replace(fit, new=one) for fit in FULL.satisfies),
        patches=(two,),
        notes=(one, two),
        links=(ProjectLink(title=one, url=two),),
        edited=replace(
            FULL.edited,
            notes=(RespelledSource(url=one, difference=two),),
            digests=tuple(replace(d, url=two) for d in FULL.edited.digests),
        ),
        drift=replace(DRIFT, added=(line,), changed=(replace(line, before=""),), notes=(hostile,)),
        proof=replace(
            PROOF,
            outcome=outcome,
            reason=Unanswered(message=one),
            warnings=(TakenAsThere(names=(two,)),),
            verdicts=tuple(replace(verdict, reason=Unanswered(message=two)) for verdict in PROOF.verdicts),
            environments=(
                EnvironmentProof(
                    output=one,
                    part="run",
                    platform="linux-64",
                    variant=two,
                    status="unknown",
                    reason=Unanswered(message=one),
                ),
            ),
        ),
    )
    harmless(with_body(bump, waiting=(two,)).change.body)


def test_release_notes_are_folded_and_have_no_effect() -> None:
    changelog = Changelog(
        lines=("2.0", "- ping @octocat, fixes #12 </details> ```"), source="CHANGES.md", shortened=True
    )
    body = with_body(replace(FULL, changelog=changelog)).change.body
    assert (
        "## Release notes\n\n<details>\n<summary>Upstream's notes on 9.1.22 (CHANGES.md, shortened)</summary>\n\n"
        "````\n2.0\n- ping @\u200boctocat, fixes #12 </details> ```\n````\n\n</details>\n"
    ) in body


def test_a_key_that_has_no_effect_is_said() -> None:
    body = with_body(replace(FULL, notes=(IgnoredKey(key="update_static_libs", line=3),))).change.body
    assert (
        "- update\\_static\\_libs has no effect here: static libraries are not updated (conda-forge.yml, line 3)"
        in body
    )


def test_requirements_that_are_unclear_for_one_reason_are_one_line() -> None:
    partial = LacksOther("fastapi")
    lacks = tuple(
        Lack(
            need=NewNeed(package=name, spec=spec, output="app", section="run", partial=partial),
            availability=Availability(status="unknown"),
        )
        for name, spec in (("fastapi", ">=1"), ("redis", ""))
    )
    (section,) = attention_sections(replace(BARE, notes=lacks))
    because = "because the channel lacks fastapi too, which the recipe needed before"
    assert section.blocks == (
        Items((f"whether these exist is unknown, {because}: fastapi >=1 (run of app) and redis (run of app)",)),
    )


def test_projects_that_stay_are_counted() -> None:
    def said(*projects: str) -> str:
        notes = tuple(SecondLeft(project=project, version="1.0", line=1) for project in projects)
        return with_body(replace(BARE, drift=Drift(text=BARE.edited.after), notes=notes)).change.body

    assert "did not change; pip stays, and was not compared." in said("pip")
    assert "did not change; pip, setuptools and wheel stay, and were not compared." in said(
        "pip", "setuptools", "wheel"
    )


def test_what_an_extra_or_a_marker_asks_for_is_said_as_such() -> None:
    marked = replace(M2CRYPTO, reason=CarriedReason(kind="asked-now"), optional=True)
    extra = replace(M2CRYPTO, package="httpx", reason=CarriedReason(kind="asked-now", extra="web"), optional=True)
    body = with_body(replace(BARE, drift=Drift(text="another text", added=(marked, extra)))).change.body
    assert "| upstream requires it now (in some environments only) |\n" in body
    assert "| upstream's extra web requires it now (optional upstream) |\n" in body
