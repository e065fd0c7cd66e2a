"""The commits of a change: its edits on the current files, linted, and rerendered in a second commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from dirac_forge.errors import InputError, UnknownError
from dirac_forge.feedstock.change import Change, Edit, Skip
from dirac_forge.pullrequest.branches import commit_message
from dirac_forge.pullrequest.clones import Author, Clones, Tip
from dirac_forge.pullrequest.smithy import NoSmithy, Rerendered, Smithy
from dirac_forge.values import dataclass

Remake = Callable[[Mapping[str, str]], Change | Skip]
"""Decides again from a feedstock's files (path to text) as they are now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MadeCommits:
    """A change as commits in the clone."""

    first: str
    """The commit of the change."""
    last: str
    """That, or the one of the rerender on it."""
    rerendered: Rerendered | None
    """None if there is nothing to rerender: a new recipe or a request is not a feedstock."""
    lints: tuple[str, ...] = ()
    unlinted: str = ""
    """Why it could not be linted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedTree:
    """A rerendered feedstock, as a tree that an earlier step without a token made."""

    tree: str
    """"" if it could not be rerendered."""
    rerendered: Rerendered
    lints: tuple[str, ...] = ()
    unlinted: str = ""


def staged(change: Change) -> Change:
    """Return a new recipe as staged-recipes wants it: `recipe/recipe.yaml` goes to `recipes/NAME/recipe.yaml`."""
    edits = tuple(
        edit if edit.path.startswith("recipes/") else replace(edit, path=_staged(change.feedstock, edit.path))
        for edit in change.edits
    )
    return replace(change, edits=edits)


def _staged(feedstock: str, path: str) -> str:
    return f"recipes/{feedstock}/{path.removeprefix('recipe/')}"


def fits(change: Change, clones: Clones, tip: Tip) -> bool:
    """Return whether the files at the tip are what a change was made for."""
    return _fits(change, clones.read(tip, under=[edit.path for edit in change.edits]))


def rebased(change: Change, clones: Clones, tip: Tip, remake: Remake) -> Change | Skip:
    """Return the change, where all files are what it was made for; else what is decided from the files as they are.

    Raises InputError if that is another feedstock's or does not fit the files either.
    """
    if fits(change, clones, tip):
        return change
    texts = clones.read(tip, under=("recipes/" + change.feedstock,) if change.kind == "recipe" else ())
    again = remake(texts)
    if isinstance(again, Skip):
        return again
    if again.kind == "recipe":
        again = staged(again)
    same = (again.feedstock, again.branch, again.kind) == (change.feedstock, change.branch, change.kind)
    if not same or not _fits(again, texts):
        raise InputError(f"{change.feedstock}: the new decision does not fit the files as they are now")
    return again


def _fits(change: Change, texts: Mapping[str, str]) -> bool:
    return all(texts.get(edit.path) == edit.before for edit in change.edits)


def make(
    change: Change,
    clones: Clones,
    tip: Tip,
    *,
    smithy: Smithy | NoSmithy | None,
    prepared: PreparedTree | None = None,
    author: Author,
    when: datetime,
) -> MadeCommits:
    """Make the commits of a change on the tip: the edits, and where it can be rerendered a second one.

    Raises InputError if an edit can't be carried out.
    """
    edits = [edit for edit in change.edits if edit.before != edit.after]
    if not edits:
        raise InputError(f"{change.feedstock}: the change has no effect")
    _clean(edits)
    first = clones.commit(tip, edits, message=commit_message(change), author=author, when=when)
    if not change.in_feedstock:
        return MadeCommits(first=first, last=first, rerendered=None)
    if prepared is not None:
        last = first
        if prepared.tree:
            message = _message(prepared.rerendered.version)
            last = clones.adopt_tree(tip, prepared.tree, parent=first, message=message, author=author, when=when)
        return MadeCommits(
            first=first,
            last=last,
            rerendered=prepared.rerendered,
            lints=prepared.lints,
            unlinted=prepared.unlinted,
        )
    if not isinstance(smithy, Smithy):
        reason = smithy.reason if smithy is not None else "conda-smithy is not installed where this was made"
        return MadeCommits(first=first, last=first, rerendered=Rerendered(state="ask", text=reason))
    return _rerendered(clones, tip, first, smithy, author, when)


def _rerendered(clones: Clones, tip: Tip, first: str, smithy: Smithy, author: Author, when: datetime) -> MadeCommits:
    objects = (tip.folder / "objects").absolute()
    with clones.work_tree(tip, first) as folder:
        lints: tuple[str, ...] = ()
        unlinted = ""
        try:
            lints = smithy.lint(folder, objects=objects)
        except UnknownError as exc:
            unlinted = exc.message
        rerendered = smithy.rerender(folder, objects=objects)
        if rerendered.state != "done":
            return MadeCommits(first=first, last=first, rerendered=rerendered, lints=lints, unlinted=unlinted)
        message = _message(smithy.version)
        last = clones.adopt(tip, folder, parent=first, message=message, author=author, when=when)
    how = "had nothing to rerender" if last == first else "rerendered it, in a separate commit"
    rerendered = replace(rerendered, text=f"conda-smithy {smithy.version} {how}")
    return MadeCommits(first=first, last=last, rerendered=rerendered, lints=lints, unlinted=unlinted)


def _message(version: str) -> str:
    return f"MNT: Re-rendered with conda-smithy {version}\n"


def _clean(edits: list[Edit]) -> None:
    for edit in edits:
        try:
            (edit.after or "").encode()
        except UnicodeEncodeError as exc:
            raise InputError(f"{edit.path!r}: the new content is not text ({exc.reason})") from exc
