"""Plans, checks, recipes, changes and status as terminal text, Markdown, pictures and JSON."""
