"""Results as terminal text, Markdown, SVG, HTML and JSON."""
