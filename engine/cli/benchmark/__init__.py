"""What Techo costs and what it withstands: speed, growth, controls, kill -9 (`techo bench`)."""
