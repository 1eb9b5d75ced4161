"""The models page: which language model talks, which could, what this machine can carry, and how to get one."""
