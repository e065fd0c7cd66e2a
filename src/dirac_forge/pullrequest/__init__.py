"""Effects: a change onto a branch of its feedstock, and from there into a pull request or the outbox."""
