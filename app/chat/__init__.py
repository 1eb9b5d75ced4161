"""The conversation: transcript, running turn, bubbles and input box."""
