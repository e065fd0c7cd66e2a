"""Why a change has its outcome, in words: clauses without a full stop; and the comments that close requests."""

from __future__ import annotations

from dirac_forge.proposals import outcome_reasons as reasons
from dirac_forge.report.document import ended
from dirac_forge.report.foreign import escaped
from dirac_forge.report.wording import add_words, worded

add_words(
    {
        reasons.MergedBeforeRetraction: "it is merged and can't be retracted any more",
        reasons.IgnoredVersion: "ignored on the dashboard",
        reasons.NoRecipeOnBranch: "there is no recipe there",
        reasons.ChangeSent: "{0.how}: {0.title}",
        reasons.NextTry: "the next try is at {0.time:%Y-%m-%d %H:%M} UTC: {0.error}",
        reasons.RequestTextUpdated: "the text of {0.name} was updated",
        reasons.OthersRequest: "#{0.number} by {0.author} makes the same change: {0.title}",
        reasons.RetractedRequest: "it was retracted: {0.comment}",
        reasons.RequestInConflict: "{0.name} has conflicts, and remake_prs_with_conflicts of conda-forge.yml is false",
        reasons.FeedstockExists: "{0.repository} exists: `dirac-forge bump {0.feedstock} --pr` moves it",
    }
)


def closing_words(unneeded: reasons.Unneeded, *, marked: bool = False) -> str:
    """Return the comment with which a request that is not needed any more is closed, or stays open and is `marked`."""
    # Upstream's own words may mention people.
    reason = escaped(worded(unneeded))
    if marked:
        return f"{reason[:1].upper()}{reason[1:]}. This request stays open, and is not merged automatically."
    if unneeded.why == "withdrawn":
        return f"{reason[:1].upper()}{reason[1:]}. If it comes back, a new request is opened."
    return ended(f"Closed because {reason}")


@worded.register
def _(unneeded: reasons.Unneeded) -> str:
    version = unneeded.version
    match unneeded.why:
        case "built":
            return "the channel has it rebuilt already"
        case "reached":
            return f"the feedstock is at {version} already"
        case "excluded":
            return f"conda-forge.yml excludes {version}"
        case "withdrawn" if unneeded.objection:
            return f"{version} can't be used any more: {unneeded.objection}"
        case "withdrawn":
            return f"upstream no longer offers {version}"


@worded.register
def _(reason: reasons.FeedstockMovedOn) -> str:
    return f"{reason.repository} has changed: {worded(reason.reason)}"


@worded.register
def _(reason: reasons.ArchivedRepository) -> str:
    left = ": its request is left open" if reason.open_request else ", so nothing is proposed there"
    return f"{reason.repository} is archived{left}"


@worded.register
def _(reason: reasons.UpToDateRequest) -> str:
    return f"{reason.name} is {'prepared' if reason.prepared else 'open and up to date'}"


@worded.register
def _(reason: reasons.MergedRequest) -> str:
    lacks = f", and {reason.lacking} lacks the change: it was undone or edited. Nothing is opened again"
    return f"{reason.name} is merged{lacks if reason.lacking else ''}"


@worded.register
def _(reason: reasons.ClosedRequest) -> str:
    return f"{reason.how}, and is not opened again unless somebody asks for it" if reason.stays else reason.how


@worded.register
def _(reason: reasons.TakenOut) -> str:
    because = f" ({reason.why})" if reason.why else ""
    return (
        f"taken out of the outbox{because}: nothing was sent, and it is not proposed again unless somebody asks for it"
    )


@worded.register
def _(reason: reasons.OpenRequest) -> str:
    return reason.decided or f"its request is open: {reason.url}"


@worded.register
def _(reason: reasons.NotTried) -> str:
    return f"not tried in this run: {worded(reason.reason)}"


@worded.register
def _(reason: reasons.FixConflict) -> str:
    return f"the fix does not apply to {', '.join(reason.paths)} there"
