"""Values: why a package is noarch or built for each platform."""

from __future__ import annotations

from enum import Enum

from dirac_forge.values import dataclass


class NatureKind(Enum):
    """What decides it, with `{0}` for a file, a tool or a variable."""

    PURE_WHEELS = "its only wheels are for any platform ({0})"
    PURE_WHEEL_WITHOUT_SDIST = "there is a wheel for any platform ({0}), and no sdist to look at"
    COMPILED_WHEELS = "its wheels are for single platforms ({0})"
    COMPILES_BY_DEFAULT = "there are wheels for single platforms ({0}) and the sources compile by default"
    COMPILES_IF_ASKED = "there is a wheel for any platform ({0}), and setup.py compiles only where {1} is set"
    COMPILING_IS_OPTIONAL = "there is a wheel for any platform ({0}), and compiling is optional"
    BACKEND_COMPILES = "there are no wheels, and the build backend {0} compiles"
    OWN_BACKEND_COMPILES = "there are no wheels, and its own build backend compiles"
    FILE_COMPILES = "there are no wheels, and {0} compiles"
    TOOL_COMPILES = "there are no wheels, and {0} in build-system.requires compiles"
    BUILD_FILE_UNREAD = "there are no wheels, and {0} could not be read"
    NOTHING_COMPILES = "there are no wheels, and the sources have nothing to compile"
    NOTHING_SAYS_PURE = "nothing says that it is pure Python"


@dataclass(frozen=True, slots=True)
class NatureReason:
    """Why a package is noarch, or is not."""

    kind: NatureKind
    evidence: str = ""
    """The wheel, file or tool that shows it."""
    variable: str = ""
    """The environment variable that makes the build compile."""

    @property
    def text(self) -> str:
        """The reason in words: a clause."""
        return self.kind.value.format(self.evidence, self.variable)
