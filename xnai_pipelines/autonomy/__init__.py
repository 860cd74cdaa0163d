"""Autonomy: watches the evaluations, explains a change, decides what to do, and alerts people."""
