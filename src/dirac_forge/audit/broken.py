"""Requests to mark builds as broken, in the format of conda-forge's admin-requests.

https://github.com/conda-forge/admin-requests: `examples/example-broken.yml`. Its maintainers prefer a repodata patch
where a build works and only its metadata is wrong, so that only builds that no patch mends are named.
"""

from __future__ import annotations

from collections.abc import Iterable

from dirac_forge.audit.findings import Finding
from dirac_forge.channel.records import Record
from dirac_forge.yaml_text import yaml_text


def to_mark_broken(findings: Iterable[Finding]) -> tuple[Record, ...]:
    """Return the builds whose faults are in their files: those that overwrite another package's, or lost a command."""
    return tuple(
        dict.fromkeys(
            finding.record
            for finding in findings
            if finding.kind == "entry-point" or (finding.kind == "clobber" and finding.severity == "high")
        )
    )


def broken_request(builds: Iterable[Record]) -> str:
    """Return the text of a file for `requests/` of admin-requests."""
    packages = sorted(f"{record.subdir}/{record.file}" for record in builds)
    return yaml_text({"action": "broken", "packages": packages})
