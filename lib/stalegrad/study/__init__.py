"""What one asks of any algorithm on any objective: where it is stable, and where a limit describes it."""
