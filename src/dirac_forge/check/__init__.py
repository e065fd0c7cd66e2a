"""Is it installable, and if not, why: targets, explanations, what would unblock, recipes as if they were built."""
