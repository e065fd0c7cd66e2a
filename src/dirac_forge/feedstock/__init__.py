"""Many recipes: the workspace, pinning and variants, the graph, and the values that describe a change."""
