"""What the command line asks of `dirac-forge bump`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dirac_forge.errors import InputError
from dirac_forge.files import read_text, unreadable
from dirac_forge.untrusted import parse_json
from dirac_forge.values import dataclass

if TYPE_CHECKING:
    from dirac_forge.proposals.bumps import BumpOptions


@dataclass(frozen=True, kw_only=True, slots=True)
class BumpRequest:
    """What the command line asks of `dirac-forge bump`."""

    feedstocks: tuple[str, ...] = ()
    to: str = ""
    write: bool = False
    pr: bool = False
    check: bool = True
    build: bool = False
    known_sha256: Path | None = None
    dependencies: Literal["update", "report", "off"] | None = None
    catch_up: bool = False

    @property
    def again(self) -> tuple[str, ...]:
        """The arguments by which a next command comes to the same proposals."""
        given = (("--to", self.to), ("--known-sha256", self.known_sha256), ("--dependencies", self.dependencies))
        flags = (("--no-check", not self.check), ("--catch-up", self.catch_up))
        return (
            *(part for option, value in given if value for part in (option, str(value))),
            *(flag for flag, is_given in flags if is_given),
        )

    def options(self) -> BumpOptions:
        """Return how the bumps are decided. Raises InputError for hashes that can't be read."""
        from dirac_forge.proposals.bumps import BumpOptions  # noqa: PLC0415  # loaded after the first questions

        given = bool(self.to and self.known_sha256)
        return BumpOptions(
            to=self.to,
            dependencies="off" if self.dependencies is None and given else self.dependencies,
            check=self.check,
            build=self.build,
            known=_known(self.known_sha256),
            catch_up=self.catch_up,
            changelog=self.pr,
        )


def _known(path: Path | None) -> dict[str, dict[str, str]]:
    if path is None:
        return {}
    from dirac_forge.upstream.digests import read_known  # noqa: PLC0415  # only if hashes are given

    try:
        return read_known(parse_json(read_text(path)))
    except (OSError, ValueError) as error:
        raise InputError(f"--known-sha256: {path} can't be read: {unreadable(error)}") from error
    except InputError as error:
        raise InputError(f"--known-sha256: {path}: {error.message}") from error
