"""Adapters: training pairs, LoRA training, merged encoders. `make.py` is what a run does."""
