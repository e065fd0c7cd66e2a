"""Which licence a release has."""
