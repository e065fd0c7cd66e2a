"""Faults that the channel's own records show, from values."""

from __future__ import annotations

from dataclasses import replace

from dirac_forge.audit.channel_faults import (
    BuildState,
    ChannelEvidence,
    PinnedExport,
    PinnedExports,
    channel_faults,
    installed_builds,
)
from dirac_forge.audit.findings import EvidenceGap, Finding
from dirac_forge.channel.records import Record

LIB = Record(name="lib", version="1.0", build="h0", subdir="linux-64", depends=("openssl >=3.4,<3.5.0a0",))
TODAY = PinnedExports(of={"openssl": (PinnedExport(key="openssl", value="3.5", spec="openssl >=3.5.0,<3.6.0a0"),)})
PINNING = "conda_build_config.yaml"


def faults(
    record: Record,
    *,
    state: BuildState = "present",
    licence: str | None = "MIT",
    pinned: PinnedExports | None = TODAY,
) -> tuple[tuple[Finding, ...], tuple[EvidenceGap, ...]]:
    evidence = ChannelEvidence(
        state=lambda _record, _platform: state,
        licence=lambda _record, _platform: licence,
        versions=lambda name, _platform: ("3.6.0", "3.5.1", "3.4.0") if name == "openssl" else (),
        pinned=lambda _platform, _names: pinned,
        pinned_in=PINNING,
    )
    builds = installed_builds([("grid", "linux-64", [record]), ("other", "linux-64", [record])])
    return channel_faults(builds, evidence)


def told(findings: tuple[Finding, ...]) -> list[tuple[str, str, str]]:
    return [(each.kind, each.severity, each.certainty) for each in findings]


def test_pin_of_another_time_is_told_with_the_pinning() -> None:
    ((finding,), gaps) = faults(LIB)
    assert told((finding,)) == [("pin", "low", "sure")]
    assert (finding.dependency, finding.declared, finding.upstream) == ("openssl", LIB.depends[0], "openssl: 3.5")
    assert (finding.where, finding.example, finding.targets) == (PINNING, "3.5.1", ("grid", "other"))
    assert gaps == ()


def test_build_that_admits_the_pinned_version_has_no_fault() -> None:
    assert faults(replace(LIB, depends=("openssl >=3.4,<4.0a0",))) == ((), ())
    assert faults(replace(LIB, depends=("openssl",))) == ((), ())
    assert faults(replace(LIB, depends=("openssl 3.4.0 h_0",))) == ((), ())


def test_build_that_is_ahead_of_the_pinning_is_not_outdated() -> None:
    assert faults(replace(LIB, depends=("openssl >=3.6.0,<3.7.0a0",))) == ((), ())
    ((finding,), _) = faults(replace(LIB, depends=("openssl !=3.5.1",)))
    assert finding.kind == "pin"


def test_noarch_builds_have_no_pins() -> None:
    assert faults(replace(LIB, subdir="noarch", noarch="python")) == ((), ())


def test_missing_pinning_and_unknown_exports_are_gaps() -> None:
    assert faults(LIB, pinned=None) == ((), (EvidenceGap(kind="pinning", builds=1),))
    unknown = PinnedExports(unknown=frozenset({"openssl"}))
    assert faults(LIB, pinned=unknown) == ((), (EvidenceGap(kind="run-exports", builds=1),))


def test_missing_licence_is_a_fault_and_a_copied_record_a_gap() -> None:
    plain = replace(LIB, depends=())
    assert told(faults(plain, licence="")[0]) == [("licence", "low", "sure")]
    assert faults(plain, licence=None) == ((), (EvidenceGap(kind="licence", builds=1),))


def test_build_that_the_channel_took_back_is_broken() -> None:
    plain = replace(LIB, depends=())
    assert told(faults(plain, state="removed")[0]) == [("broken", "high", "sure")]
    assert told(faults(plain, state="gone")[0]) == [("withdrawn", "medium", "likely")]
    assert faults(plain, state="unknown") == ((), (EvidenceGap(kind="channel", builds=1),))
    revoked = replace(plain, depends=("package_has_been_revoked",))
    assert told(faults(revoked)[0]) == [("broken", "high", "sure")]
    labelled = replace(plain, channel="https://conda.anaconda.org/conda-forge/label/broken")
    assert told(faults(labelled)[0]) == [("broken", "high", "sure")]
