"""Documents: dropped on the window or chosen, then read and learned by the engine."""
