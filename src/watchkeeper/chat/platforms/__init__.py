"""Ways people hear, one a file; each defines `build(section, tools)`: an Announcer, and for chat a Platform that also listens."""
