"""Extensions of what a feedstock makes: release lines of the workspace and of the channel that need it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from dirac_forge.bump.extension_lines import ExtensionLine
from dirac_forge.bump.extensions import follows
from dirac_forge.channel.index import parsed
from dirac_forge.channel.records import Record
from dirac_forge.channel.solver import Channel
from dirac_forge.errors import ForgeError
from dirac_forge.feedstock.workspace import FeedstockFolder, Workspace
from dirac_forge.proposals.candidates import Candidate
from dirac_forge.proposals.context import ProposalContext


def lines_of(
    context: ProposalContext, workspace: Workspace, channel: Channel, subject: Candidate, platforms: Sequence[str]
) -> tuple[ExtensionLine, ...]:
    """Return the release lines that need a package of `subject` in certain versions, bounded from above.

    They come from the recipes of the workspace, and for release lines of the settings (`branches`) of which there is
    no recipe, by the newest package in the channel that belongs to the line.
    """
    own = subject.key.partition("@")[0]
    folders = {(each.name, each.branch or "main"): each for each in (*workspace, *workspace.lines) if each.name != own}
    found = [line for (_, branch), each in folders.items() for line in _of_folder(each, branch, subject, platforms)]
    for name, branch, versions in _settings_lines(context, own):
        if (name, branch) not in folders:
            found += _of_channel(channel, name, branch, versions, subject, platforms)
    return tuple(dict.fromkeys(line for line in found if follows(line.spec)))


def _settings_lines(context: ProposalContext, own: str) -> Iterator[tuple[str, str, SpecifierSet]]:
    """Yield feedstock, branch and versions of the settings' release lines, but for those of a feedstock itself."""
    for name, settings in context.settings.feedstocks.items():
        if name != own:
            yield from ((name, branch, versions) for branch, versions in settings.branches.items())


def _of_folder(
    folder: FeedstockFolder, branch: str, subject: Candidate, platforms: Sequence[str]
) -> Iterator[ExtensionLine]:
    try:
        if not any(name in text for text in folder.texts.values() for name in subject.provides):
            return
        recipe = folder.read()
        for platform in platforms[:1]:
            for output in recipe.text.render(platform=platform).packages:
                for need in output.of("run"):
                    if need.name in subject.provides and need.spec:
                        yield ExtensionLine(
                            extension=folder.name,
                            branch=branch,
                            version=output.version,
                            package=need.name,
                            spec=need.spec,
                        )
    except ForgeError:
        return


def _of_channel(
    channel: Channel, name: str, branch: str, versions: SpecifierSet, subject: Candidate, platforms: Sequence[str]
) -> Iterator[ExtensionLine]:
    for platform in platforms[:1]:
        record = next((one for one in channel.index(platform).group(name).records if _within(one, versions)), None)
        if record is None:
            continue
        for spec in record.depends:
            read = parsed(spec)
            if read is not None and read.version is not None and read.name.normalized in subject.provides:
                yield ExtensionLine(
                    extension=name,
                    branch=branch,
                    version=record.version,
                    package=read.name.normalized,
                    spec=str(read.version),
                )


def _within(record: Record, versions: SpecifierSet) -> bool:
    try:
        return versions.contains(Version(record.version), prereleases=True)
    except ValueError:
        return False
