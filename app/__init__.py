"""What a person sees: the Qt window. Of the engine it knows `engine.protocol` and nothing else."""
