"""Surveys of what others publish: run by hand, since each takes an hour."""
