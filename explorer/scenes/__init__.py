"""Pictures drawn from a seed, with their ground truth: what the shipped networks learnt from. NumPy alone, no torch."""

from explorer.scenes.scene import Instance, Scene, scene

__all__ = ["Instance", "Scene", "scene"]
