"""One file a paper: plain data in, a Document or a finished file out."""
