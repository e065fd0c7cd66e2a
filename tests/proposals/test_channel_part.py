import pytest

from dirac_forge.bump.part_reasons import InSnapshot, ListedName, NeededBefore, PartReason, UsualBackend
from dirac_forge.proposals.channel_part import ChannelPart
from dirac_forge.report.bump_reasons import worded


@pytest.mark.parametrize(
    ("package", "reason"),
    [
        ("flit-core", UsualBackend()),
        ("pytables", ListedName()),
        ("jinja2", InSnapshot()),
        ("old", NeededBefore("tool")),
        ("fresh", None),
    ],
)
def test_what_tables_or_the_embedded_snapshot_have_may_be_lacking_in_a_folder_only(
    package: str, reason: PartReason | None
) -> None:
    def snapshot() -> frozenset[str]:
        return frozenset({"jinja2"})

    part = ChannelPart(local=True, needed={"old": "tool"}, snapshot=snapshot)
    assert part.reason(package, "run") == reason
    assert part.may_exist(package, "run") == (reason is not None)
    remote = ChannelPart(local=False, needed={"old": "tool"}, snapshot=snapshot)
    assert remote.reason(package, "run") == (reason if package == "old" else None)


def test_the_embedded_snapshot_is_named_as_the_reason() -> None:
    assert worded(InSnapshot()) == "the embedded snapshot of conda-forge has it"
