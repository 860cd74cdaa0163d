"""Copies of a home that are taken while it works, and the proof that they can be restored.

A home goes in and blocks with a manifest come out, in a folder or an object store; and the other way round. Read
`make.py` first, which backs up: `snapshot.py` lists the home, `seal.py` protects blocks, `repository.py` keeps them in
one of `places.py`. `restore.py` is the way back, and `drill.py` proves it with `golden.py`.
"""
