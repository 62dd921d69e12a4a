"""Synthesis methods, one module each, with its settings in `Config` and the method in `Method`."""
