"""Numbers and pictures of the training chapters; needs no torch."""
