"""Who hears what, when, and who is next where nobody answers. Pure."""
