"""Settings as a frozen value: defaults, `[tool.dirac-forge]`, `DIRAC_FORGE_*`, then flags; all validated strictly."""

from dirac_forge.settings.loading import ENVIRONMENT_PREFIX, load
from dirac_forge.settings.model import BotSettings, FeedstockSettings, Settings, TargetSettings

__all__ = ["ENVIRONMENT_PREFIX", "BotSettings", "FeedstockSettings", "Settings", "TargetSettings", "load"]
