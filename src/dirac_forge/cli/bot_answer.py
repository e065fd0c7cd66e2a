"""The answer of a run: on the terminal, as JSON, in a file, and in the summary of a job of Actions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dirac_forge.bot.run import Result
from dirac_forge.bot.summary import fault_notes, result_json, result_notes, result_rows
from dirac_forge.cli.bot_request import RunRequest
from dirac_forge.cli.context import Context
from dirac_forge.distribution.outlook import DistributionOutlook
from dirac_forge.errors import InputError
from dirac_forge.report.runs import run_markdown, run_text


def answer_run(
    context: Context,
    request: RunRequest,
    result: Result,
    where: str,
    found: Sequence[DistributionOutlook] = (),
) -> None:
    """Answer with the result of a run; `where` says what became of it. Raises InputError for a file that can't be
    written.
    """
    for note in fault_notes(result) if context.options.json else ():
        context.observer.warned(note)  # the page has them
    rows, notes = result_rows(result), result_notes(result, where=where, outlooks=found)
    step_summary = context.environ.get("GITHUB_STEP_SUMMARY", "").strip()
    # https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary
    text = run_markdown(rows, title="dirac-forge bot", notes=notes) if request.summary or step_summary else ""
    if request.summary is not None:
        _append(request.summary, text, how="w", what="--summary")
    if step_summary:
        _append(Path(step_summary), text, how="a", what="GITHUB_STEP_SUMMARY")
    context.answer(run_text(rows, title="dirac-forge bot", notes=notes), result_json(result, found))


def _append(path: Path, text: str, *, how: str, what: str) -> None:
    try:
        with path.open(how, encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise InputError(f"{what}: {path} can't be written: {error.strerror or error}") from error
