"""GitHub as a forge: its REST API, who asks it, and how often it may be asked."""

from dirac_forge.pullrequest.github.client import API_URL, GitHub
from dirac_forge.pullrequest.github.rates import Clock, RateLimit

__all__ = ["API_URL", "Clock", "GitHub", "RateLimit"]
