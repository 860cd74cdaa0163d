"""Autonomy: watch the evaluations, explain a change, decide what to do, and tell people."""
