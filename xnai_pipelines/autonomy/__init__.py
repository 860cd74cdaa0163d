"""Autonomy: watches the evaluations, explains a change, decides what to do, and alerts people.

Evaluations of MLflow go in; a decision with its reason comes out, which a sensor turns into a run or an alert. Read
`watch.py` first, one tick of the sensor. `decisions` decides, `drift` explains, and `alerts` tells people.
"""
