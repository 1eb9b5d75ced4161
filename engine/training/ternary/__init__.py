"""The 1.58-bit backbone: SmolLM2's shape with weights of -1, 0 and 1, distilled from the float model."""
