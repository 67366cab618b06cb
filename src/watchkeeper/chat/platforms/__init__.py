"""One chat platform a file; each defines `build(section, tools) -> Platform`."""
