"""A small real GitHub on the loopback interface: its REST API, git over HTTP, and what goes wrong with both."""

from support.github.service import GitHub
from support.github.state import Comment, Fault, Limit, Pull, Repository, Request, Ticket, User

__all__ = ["Comment", "Fault", "GitHub", "Limit", "Pull", "Repository", "Request", "Ticket", "User"]
