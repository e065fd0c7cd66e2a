"""What a reviewer reads of a rebuild for a migration."""

from __future__ import annotations

from dataclasses import replace

from dirac_forge.feedstock.change import Change
from dirac_forge.migration.schema import parse_migration
from dirac_forge.report.bodies import with_rebuild_body

from .test_markdown import harmless
from .test_migration import plan_of

CHANGE = Change(feedstock="b", kind="migration", key="lib2", title="Rebuild for lib2")
BODY = """\
## Rebuild for lib2

b is rebuilt on linux-64 and osx-64 for the migration `lib2`, wave 2 of 3.

## Why it is rebuilt

- host: `b/recipe/meta.yaml:1: lib (on linux-64, osx-64)`

## Order

- It waited for **a** (a → b): b needs a in host: b/recipe/meta.yaml:1: a

**Waiting for it (1):** c.

## Before merging

- [x] The build number is raised by 1; nothing else in the recipe has changed.
- [x] The migration is in `.ci_support/migrations/lib2.yaml`.
- [ ] The feedstock was rerendered.
- [ ] The builds and tests of this request have passed.

## Next steps

- To change this request, push to its branch; the bot then stops updating it.
- To recreate it from the current recipe: `dirac-forge migrate run lib2 b --pr`.
- Comment commands: `please rerender`, `please restart ci` ([all](<https://conda-forge.org/docs/maintainer/infrastructure/>)).
- Merge it, or label it `automerge` to have it merged once all checks pass. Later commits remove the label.
- If you don't want it, close it: the rebuild is not proposed again, and feedstocks that depend on it keep waiting.
- `bot: {abi_migration_branches: [BRANCH]}` in `conda-forge.yml` rebuilds other branches, too.
- `bot: {remake_prs_with_conflicts: false}` in `conda-forge.yml` leaves conflicts to you.
- `bot: {automerge: migration}` in `conda-forge.yml` merges rebuilds that pass all checks.
- For the bot's operator: `paused = ["b"]` pauses it, `dirac-forge bot why b` shows its history.

Proposed by [dirac-forge](<https://github.com/DIRACGrid/dirac-forge>).
"""


def test_the_whole_body() -> None:
    plan = plan_of({"a": {"lib": 7}, "b": {"lib": 3, "a": 7}, "c": {"lib": 4, "b": 7}})
    made = with_rebuild_body(CHANGE, plan)
    assert (made.body, made.reasons) == (BODY, ("b/recipe/meta.yaml:1: lib (on linux-64, osx-64)",))


def test_a_cycle_is_said_and_long_lists_are_cut() -> None:
    ring = {"r0": {"lib": 7, "r1": 7}, "r1": {"lib": 7, "r0": 7}}
    many = {f"m{n:02}": {"lib": 7, "r1": 7} for n in range(20)}
    plan = plan_of({**ring, **many})
    first, second = (
        with_rebuild_body(Change(feedstock=name, kind="migration", key="lib2", title="t"), plan).body
        for name in ("r0", "r1")
    )
    broken = first if "did not wait" in first else second
    assert (
        "- It does not wait for another member.\n- It did not wait for r1 (r1 → r0), since each needs the other.\n"
        in broken
    )
    assert "m00, m01" in second
    assert " more.\n" in second


def test_the_migration_s_own_words_are_quoted_without_effect() -> None:
    head = "__migrator:\n  kind: version\n  commit_message: |\n    Rebuild for @lib\n\n    Thanks @octocat, see #12\n"
    migration = parse_migration(f"{head}lib:\n- '2'\nmigrator_ts: 1\n", path="lib2.yaml")
    plan = replace(plan_of({"b": {"lib": 7}}), migration=migration)
    body = with_rebuild_body(CHANGE, plan).body
    assert body.startswith("## Rebuild for @\u200blib\n\nb is rebuilt for the migration `lib2`, wave 1 of 1.\n\n")
    assert "\n> Thanks @\u200boctocat, see #\u200b12\n" in body
    harmless(body)
