"""`dirac-forge build`: recipes built, installed and tested for real on this machine, into a local channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dirac_forge.build.model import BuildReport
from dirac_forge.build.session import BuildRequest, run_builds
from dirac_forge.check.why_not import why_not
from dirac_forge.cli.context import Context
from dirac_forge.cli.discovery import no_feedstocks
from dirac_forge.errors import InputError
from dirac_forge.feedstock.workspace import read_workspace
from dirac_forge.report.build import build_json, build_text
from dirac_forge.report.next_steps import build_steps, near

_NO, _UNKNOWN = 1, 3


def build(context: Context, feedstocks: Sequence[str], variant: Sequence[str], request: BuildRequest) -> int:
    """Build what is requested, answer with one page, and return the exit code. Raises InputError."""
    settings = context.settings
    workspace = read_workspace(settings.workspace)
    folders = workspace.find_all(feedstocks) or list(workspace)
    if not folders:
        raise no_feedstocks(settings.workspace, otherwise="Or name a recipe.")
    request = replace(request, folders=tuple(folders), variant=_chosen(variant))
    report = run_builds(context, workspace, request, explain=why_not)
    names = [near(folder.path) for folder in folders]
    steps = build_steps(names, _options(request, variant), passed=report.passed, kept=request.keep)
    context.answer(build_text(report, verbose=context.options.verbose), build_json(report), steps)
    return exit_code(report)


def _options(request: BuildRequest, variant: Sequence[str]) -> tuple[str, ...]:
    """Return the options that decide what is built and installed, as they were given."""
    single = (("--output", request.output), ("--container", request.container), ("--cluster", request.cluster))
    given = (
        ("--target", request.targets),
        ("--run", [f"{each.target}:{each.text}" if each.target else each.text for each in request.commands]),
        ("--variant", variant),
        *((option, [value]) for option, value in single if value),
    )
    flags = (("--with-missing", request.with_missing), ("--test-only", request.test_only), ("--force", request.force))
    return (
        *(part for option, values in given for value in values for part in (option, str(value))),
        *(flag for flag, is_given in flags if is_given),
    )


def _chosen(texts: Sequence[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.isidentifier():
            raise InputError(f"--variant {text!r}: expected KEY=VALUE", hint="For example --variant openssl=3.5.")
        found[key] = value
    return found


def exit_code(report: BuildReport) -> int:
    """Return 1 if something failed, 3 if all that failed is unknown, such as a host that did not answer."""
    if report.passed:
        return 0
    return _UNKNOWN if report.unknown else _NO
