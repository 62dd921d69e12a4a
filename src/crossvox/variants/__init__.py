"""The variants that a benchmark compares: crossvox, plain torch and networks of MONAI."""
