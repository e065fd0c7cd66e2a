"""What is missing in the recipes that were made, in words: sentences without a full stop."""

from __future__ import annotations

from dirac_forge.recipe.making.problems import MadeWithout, NoProjectOf, NotMade, TreeCut, TreeUnsettled
from dirac_forge.report.document import words
from dirac_forge.report.wording import add_words, worded

__all__ = ["worded"]

add_words(
    {
        NoProjectOf: "no recipe for {0.package}, which {0.feedstock} requires: it is not a project's package",
        MadeWithout: "{0.feedstock} is made without {0.project}: {0.problem}",
        TreeCut: "more than {0.most:,} {0.of}: the rest of the dependencies was not followed",
    }
)


@worded.register
def _(problem: NotMade) -> str:
    return f"no recipe for {', '.join(problem.projects)}: {problem.problem}"


@worded.register
def _(problem: TreeUnsettled) -> str:
    return (
        f"the versions of {words(problem.projects)} are not settled: after {problem.rounds} rounds of choosing, "
        "requirements still exclude those that were taken"
    )
