"""What leaves the explorer: pictures, graphs and networks in the formats of other programs."""
