"""What a teacher would draw of the papers, computed from the same networks and graphs as everything else."""
