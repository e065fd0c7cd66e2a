"""Files that say what to install: environments of conda and pixi, constructor's installers, lists of specs."""
