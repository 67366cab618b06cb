"""Where people talk and hear: one neutral card an incident, shown by each platform (shelf `platforms`) in its own way."""
