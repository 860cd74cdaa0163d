"""Adapters: trained on pairs, merged into their base, built as an encoder."""
