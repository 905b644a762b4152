"""What the training chapters run: pure data, and the order in which runs are asked for."""
