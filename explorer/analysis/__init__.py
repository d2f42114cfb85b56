"""What is computed from a LayerGraph."""
