"""Papers: a pure block model, one renderer a file format, one file a paper.

Nothing heavy is imported here; import the renderer or the paper that is wanted.
"""
