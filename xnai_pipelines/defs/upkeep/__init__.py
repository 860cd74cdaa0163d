"""Upkeep: jobs, schedules and what heals killed runs."""
