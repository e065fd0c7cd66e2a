"""Sources of releases other than files: indexes, hosts, tags, listings."""
