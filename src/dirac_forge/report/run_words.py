"""What a run of the bot found and decided, in words: clauses without a full stop."""

from __future__ import annotations

from dirac_forge.proposals import decision_reasons, review_reasons
from dirac_forge.proposals.decision_reasons import DecisionKind, DecisionState
from dirac_forge.report.wording import add_words, worded


def decided_words(kind: DecisionKind, state: DecisionState, key: str) -> str:
    """Return a decision on a version, a migration or a new recipe (`key`, "" for no certain one) in a few words."""
    what = {"bump": f"bump to {key}", "migration": f"rebuild for {key}", "recipe": f"recipe for {key}"}[kind]
    match state:
        case "wanted":
            return what
        case "nothing":
            return "nothing"
        case "waiting" | "blocked" if not key:
            return "nothing yet"
        case "unknown" if not key:
            return "nothing: the answer is unknown"
        case "failed" if not key:
            return "nothing: it can't be read or edited"
        case _:
            return f"no {what}" if kind == "migration" else f"no {what} yet"


# -- what was found


@worded.register
def _(found: decision_reasons.RebuildEvidence) -> str:
    from dirac_forge.report.migration_status import evidence_words  # noqa: PLC0415  # it brings the solver

    words = evidence_words(found.evidence)
    return f"{found.migration}: {words}" if words else found.migration


# -- why it was decided


@worded.register
def _(reason: decision_reasons.WaitsForBumps) -> str:
    return f"waits for {', '.join(reason.names)}"


# -- why a person looks, and whether it is merged automatically


@worded.register
def _(reason: review_reasons.LeftForPerson) -> str:
    return f"a person has to decide: {worded(reason.note)}"


@worded.register
def _(reason: review_reasons.ChecksState) -> str:
    return _CHECKS[reason.checks]


_CHECKS = {
    "green": "all checks passed",
    "red": "checks failed",
    "none": "no checks have started",
    "pending": "checks are running",
}


add_words(
    {
        review_reasons.UncomparedReleases: "the requirements of the two releases were not compared",
        review_reasons.UnprovenTargets: "the solver has not checked the targets",
        review_reasons.NewRecipeReview: "a new recipe is reviewed by people",
        review_reasons.AutomergeOff: "bot.automerge of the feedstock does not allow it",
        review_reasons.LabelsRefused: "the bot is not allowed to set labels there; a maintainer can",
        review_reasons.AlreadyLabelled: "the label is already set",
        review_reasons.LabelRemoved: "someone removed the label",
        review_reasons.DraftRequest: "it is a draft",
        review_reasons.ForeignCommits: "someone else pushed to it",
        decision_reasons.UpstreamVersion: "{0.new} upstream, {0.old} in the recipe",
        decision_reasons.RecipeVersion: "{0.version} in the recipe",
        decision_reasons.InNoChannel: "{0.package} {0.version} is in no channel",
        decision_reasons.UnknownEffect: "its effect on the targets is unknown: {0.message}",
        decision_reasons.ChangedSincePrepared: "its files changed after it was prepared; the next run decides again",
        decision_reasons.OnBranchAlready: "{0.branch} has it already",
        review_reasons.NotProposed: "it is {0.status}",
        review_reasons.WorseWithBump: "it makes the targets {0.outcome}",
        review_reasons.MergedAfter: "{0.title} of its group is merged first",
        review_reasons.MergedByPeople: "only people merge a {0.kind}",
        review_reasons.AutomergeLimited: "bot.automerge of the feedstock allows it for {0.allowed} only",
    }
)
