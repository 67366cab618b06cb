"""Where people talk: one neutral card an incident, shown by each platform in its own way."""
