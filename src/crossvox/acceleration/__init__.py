"""Faster networks: rewriting of layers, memory planning and properties of the machine."""
