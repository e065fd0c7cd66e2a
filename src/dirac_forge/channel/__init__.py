"""The conda side: names of packages and what a channel has."""
