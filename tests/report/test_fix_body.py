"""What a maintainer reads of a fix that is carried to another release line."""

from __future__ import annotations

from dirac_forge.feedstock.change import Change
from dirac_forge.report.fix_body import fix_issue, with_fix_body

URL = "https://github.com/conda-forge/demo-feedstock/pull/42"
SHOWN = "https://redirect.github.com/conda-forge/demo-feedstock/pull/42"
"""No request is told that this one names it."""


def test_the_request_names_the_merged_one_and_mentions_nobody() -> None:
    change = Change(feedstock="demo", branch="v1.x", kind="fix", key="pr-42", title="Fix it (v1.x)")
    made = with_fix_body(change, number=42, url=URL, title="Fix @octocat's test", base="main")
    assert made.body.startswith(
        f"This carries [demo #\u200b42 (main)](<{SHOWN}>) over to `v1.x`: Fix @\u200boctocat's test\n\n"
        "Version, hashes and build number remain those of this branch; the build number is raised.\n\n## Next steps\n"
    )
    assert made.reasons == ("merged to main as #42",)


def test_the_issue_has_the_commands() -> None:
    body = fix_issue(number=42, url=URL, title="Fix", base="main", commits="a..b", branch="v1.x", why="it does not fit")
    assert body == (
        f"[\\#\u200b42](<{SHOWN}>) (Fix) was merged to `main`. "
        "It belongs on `v1.x` too, but could not be carried over: it does not fit.\n"
        "\n"
        "To carry it over by hand, in a clone of your fork with this repository as `upstream`:\n"
        "\n"
        "```console\n"
        "git fetch upstream\n"
        "git switch -c carry-42 upstream/v1.x\n"
        "git cherry-pick a..b\n"
        "# keep version, hashes and build number of this branch, raise the build number\n"
        "git push origin HEAD\n"
        "```\n"
    )
