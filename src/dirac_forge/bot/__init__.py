"""Runs over feedstocks: look, decide, prove, change; what the commands and the scheduled bot share."""
