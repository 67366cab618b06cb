"""Periodic jobs. A shelf: every file is one job, run once per interval in the whole installation."""
