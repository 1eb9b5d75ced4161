"""The headless partner: backbone, Bit-TTT memory, state on disk, and the pipe that serves them."""
