"""`make book`: a static site from the committed, executed notebooks; nothing in it is executed anew."""
