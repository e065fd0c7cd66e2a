"""The body of a request that carries a merged fix to another release line, and of the issue if it does not fit."""

from __future__ import annotations

from dataclasses import replace

from dirac_forge.feedstock.change import Change
from dirac_forge.report.bodies import next_steps
from dirac_forge.report.foreign import code, escaped, link
from dirac_forge.report.markdown import markdown


def with_fix_body(change: Change, *, number: int, url: str, title: str, base: str) -> Change:
    """Return a fix with its body and reasons; `number`, `url`, `title` and `base` are those of the merged request."""
    origin = link(f"{change.feedstock} #{number} ({base})", url)
    head = f"This carries {origin} over to {code(change.branch)}: {escaped(title)}"
    rest = "Version, hashes and build number remain those of this branch; the build number is raised."
    body = f"{head}\n\n{rest}\n\n{markdown((next_steps(change),))}"
    return replace(change, body=body, reasons=(f"merged to {base} as #{number}",))


def fix_issue(*, number: int, url: str, title: str, base: str, commits: str, branch: str, why: str) -> str:
    """Return the body of the issue with instructions, for a fix that does not fit a branch (`why`)."""
    merged = f"{link(f'#{number}', url)} ({escaped(title)}) was merged to {code(base)}."
    lines = [
        f"{merged} It belongs on {code(branch)} too, but could not be carried over: {escaped(why)}.",
        "",
        "To carry it over by hand, in a clone of your fork with this repository as `upstream`:",
        "",
        "```console",
        "git fetch upstream",
        f"git switch -c carry-{number} upstream/{branch}",
        f"git cherry-pick {commits}",
        "# keep version, hashes and build number of this branch, raise the build number",
        "git push origin HEAD",
        "```",
    ]
    return "\n".join(lines) + "\n"
