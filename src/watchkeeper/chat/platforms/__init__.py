"""Ways people hear. A shelf: every file defines `build(section, tools) -> Announcer`."""
