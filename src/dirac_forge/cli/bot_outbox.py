"""`dirac-forge bot outbox`: what is prepared, and a change of it as a branch of a local clone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dirac_forge.cli.context import Context
from dirac_forge.cli.github import outbox_of
from dirac_forge.errors import InputError
from dirac_forge.files import read_bytes
from dirac_forge.pullrequest.clones import Clones
from dirac_forge.pullrequest.outbox import Outbox
from dirac_forge.report.terminal import diff, joined, sentences

if TYPE_CHECKING:
    from dirac_forge.pullrequest.outbox import PreparedChange


def outbox(
    context: Context,
    action: Literal["list", "show", "apply"],
    name: str,
    *,
    clone: Path | None,
    folder: Path | None,
) -> int:
    """List what is prepared, show a change, or make it a branch of a clone; the exit code."""
    place = outbox_of(context, folder)
    box = Outbox(
        folder=place, clones=Clones(context.settings.cache / "clones-anonymous"), repository=lambda name: (name, "")
    )
    changes = [(change.folder.relative_to(place).as_posix(), change) for change in box.prepared()]
    if action == "list":
        lines = [f"{path}: {change.title}" for path, change in changes]
        context.answer(sentences(lines or ["Nothing is prepared."]), {"changes": [_json(*each) for each in changes]})
        return 0
    path, change = _one(name, changes)
    if action == "show":
        patch = read_bytes(change.folder / "change.patch").decode("utf-8", "replace")
        document = {**_json(path, change), "body": change.body, "patch": patch}
        context.answer(joined([sentences([change.title, ""]), diff(f"{change.body}\n\n{patch}")]), document)
        return 0
    target = (clone or Path()).absolute()
    branch = box.apply(change, target)
    said = f"{target}: the change is on the branch {branch}; `git switch {branch}` shows it"
    context.answer(sentences([said]), {**_json(path, change), "clone": str(target)})
    return 0


def _one(name: str, changes: list[tuple[str, PreparedChange]]) -> tuple[str, PreparedChange]:
    if not name:
        raise InputError("name the change", hint="`dirac-forge bot outbox list` shows what is prepared.")
    wanted = name.strip("/")
    found = [each for each in changes if each[0] == wanted or each[0].startswith(f"{wanted}/")]
    if len(found) == 1:
        return found[0]
    if not found:
        raise InputError(
            f"the outbox has no change {name}", hint="`dirac-forge bot outbox list` lists the prepared changes."
        )
    raise InputError(f"{name} is {len(found)} changes: {', '.join(path for path, _ in found[:10])}", hint="Name one.")


def _json(path: str, change: PreparedChange) -> dict[str, Any]:
    return {
        "name": path,
        "repository": change.repository,
        "base": change.base,
        "branch": change.branch,
        "commit": change.commit,
        "title": change.title,
        "state": "prepared",
    }
