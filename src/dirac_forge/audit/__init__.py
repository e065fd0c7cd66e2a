"""What a channel's builds declare, compared with what upstream declares for the same version."""
