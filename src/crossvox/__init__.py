"""crossvox: map a 3D medical volume of one modality to another."""

__version__ = "0.1.0"
