"""Where parallel work runs: this process, processes of this machine, or a Ray cluster. A leaf.

A function and shards of work go in; a result of each comes out. Read `engine.py` first, the protocol and the choice of
an engine; `processes.py` and `ray_cluster.py` are engines, and `figures.py` is what their workers measure.
"""
