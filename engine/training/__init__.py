"""Meta-training of the memory's slow weights. PyTorch lives in this package alone (extra `train`)."""
