"""One question to rattler's solver: what it reads, and its answers and failures as ours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import rattler
from rattler import Gateway, GenericVirtualPackage, MatchSpec, RepoDataRecord, SparseRepoData
from rattler.exceptions import SolverError
from rattler.repo_data.multi_source import MultiSource
from rattler.solver import solve, solve_with_sparse_repodata

from dirac_forge.channel.repodata import ChannelUnknownError
from dirac_forge.channel.solutions import NoSolution
from dirac_forge.channel.watched import ExcessError, watched
from dirac_forge.errors import UnknownError, redact
from dirac_forge.values import dataclass

Tier = SparseRepoData | rattler.Channel | MultiSource
"""What the solver reads of one channel."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SolverQuestion:
    """What is to be installed together, and from where."""

    wanted: list[MatchSpec]
    platform: str
    tiers: list[Tier]
    """In priority order."""
    local: bool
    """Whether all of them are files here, which no server can lengthen."""
    machine: list[GenericVirtualPackage]
    limit: timedelta
    constraints: list[MatchSpec]
    """What packages have to meet if they are installed."""
    preferred: Sequence[RepoDataRecord] = ()
    """Records that stay unless something forbids them."""
    as_of: datetime | None = None
    """Records uploaded later are left out."""

    def answer(self, gateway: Callable[[], Gateway]) -> list[RepoDataRecord] | NoSolution:
        """Ask the solver.

        Raises:
            GatewayError, OSError: a channel can't be read.
            UnknownError: there is no answer within the limit.
        """
        try:
            sparse = self.local and all(map(_is_sparse, self.tiers))
            return asyncio.run(self._sparsely() if sparse else self._through(gateway))
        except ExcessError as exc:
            raise ChannelUnknownError(f"a channel can't be read for {self.platform}: {exc}") from exc
        except TimeoutError as exc:
            raise ChannelUnknownError(f"{self.platform}: the channels gave no answer in {self._seconds} s") from exc
        except SolverError as exc:
            if "has been cancelled" in str(exc):
                raise UnknownError(f"{self.platform}: the solver found no answer in {self._seconds} s") from exc
            return NoSolution(text=redact(str(exc)))

    @property
    def _seconds(self) -> int:
        return int(self.limit.total_seconds())

    async def _sparsely(self) -> list[RepoDataRecord]:
        return await solve_with_sparse_repodata(
            self.wanted,
            self.tiers,  # type: ignore[arg-type]
            virtual_packages=self.machine,
            timeout=self.limit,
            constraints=self.constraints,
            locked_packages=self.preferred,
            exclude_newer=self.as_of,
            timestamp_policy="allow-missing",
        )

    async def _through(self, gateway: Callable[[], Gateway]) -> list[RepoDataRecord]:
        question = solve(
            self.tiers,
            [*self.wanted, *self._names()],
            gateway=gateway(),
            platforms=[self.platform, "noarch"],  # type: ignore[list-item]
            virtual_packages=self.machine,
            timeout=self.limit,
            constraints=self.constraints,
            channel_relations="disabled",
            locked_packages=self.preferred,
            exclude_newer=self.as_of,
            timestamp_policy="allow-missing",
        )
        return await (question if self.local else watched(question, seconds=self.limit.total_seconds(), cache=None))

    def _names(self) -> list[MatchSpec]:
        """Return the bare names of what is wanted, if there are several channels.

        Of a name that is asked for the gateway loads only the records that match; a channel without one would then not
        hide the others, as strict priority has it.
        """
        names = dict.fromkeys(spec.name.normalized for spec in self.wanted)
        return [MatchSpec(name) for name in names if not name.startswith("__")] if len(self.tiers) > 1 else []


def _is_sparse(tier: Tier) -> bool:
    sources = tier.sources if isinstance(tier, MultiSource) else [tier]
    return all(isinstance(source, SparseRepoData) for source in sources)
