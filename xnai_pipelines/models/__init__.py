"""Models: the encoder exported, quantized into variants, and compared on the precision card."""
