"""Rebuild changes: the build number raised, the migration put into `.ci_support/migrations/`, nothing else touched."""

from __future__ import annotations

from dirac_forge.feedstock.change import Change, Edit, Skip
from dirac_forge.feedstock.forge_edit import patched
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.migration.exclusions import NoRebuild
from dirac_forge.migration.plan import Plan
from dirac_forge.migration.schema import Migration
from dirac_forge.recipe.editing.build_number import raised_build_number
from dirac_forge.recipe.reading.recipe_text import RecipeError
from dirac_forge.recipe.reading.yamlnodes import Node, compose, pairs

_FORGE = "conda-forge.yml"


def rebuild(folder: FeedstockFolder, plan: Plan) -> Change | Skip:
    """Return the change that rebuilds a member for a migration, without reasons and body yet, or why there is none.

    A feedstock that has the migration already is skipped, so that a second run does nothing. Raises RecipeError if
    the feedstock can't be read.
    """
    migration, name = plan.migration, plan.label_of(folder.name, folder.branch)
    branch = folder.branch or "main"
    if name not in plan.membership.members:
        excluded = plan.membership.excluded.get(name)
        reason = excluded.reason if excluded else NoRebuild(kind="no-member")
        return Skip(feedstock=folder.name, branch=branch, reason=reason)
    texts = folder.texts
    recipe = next(iter(texts))
    target = f".ci_support/migrations/{migration.name}.yaml"
    if texts.get(target) == migration.text:
        return Skip(feedstock=folder.name, branch=branch, reason=NoRebuild(kind="applied"))
    try:
        raised = raised_build_number(texts[recipe], path=recipe, by=migration.bump)
    except RecipeError as exc:
        return Skip(feedstock=folder.name, branch=branch, reason=str(exc))
    forge = texts.get(_FORGE, "")
    edits = [
        Edit(path=recipe, before=texts[recipe], after=raised),
        Edit(path=target, before=texts.get(target), after=migration.text),
        Edit(path=_FORGE, before=forge, after=patched(forge, _patches(migration), path=folder.path / _FORGE)),
    ]
    return Change(
        feedstock=folder.name,
        branch=branch,
        kind="migration",
        key=migration.name,
        title=migration.title,
        edits=tuple(edit for edit in edits if edit.before != edit.after),
    )


def _patches(migration: Migration) -> dict[str, Node]:
    """Return the new values of keys of conda-forge.yml, as the migration's file spells them."""
    node = compose(migration.text) if migration.settings.conda_forge_yml_patches else None
    for key in ("__migrator", "conda_forge_yml_patches"):
        node = {name: value for name, _, value in pairs(node)}.get(key)
    return {key: value for key, _, value in pairs(node)}
