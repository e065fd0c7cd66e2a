"""Plans, checks, changes and recipes as text for people and values for programs."""
