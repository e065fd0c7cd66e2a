"""Plans, checks, changes and status as terminal text, Markdown, pictures and JSON."""
