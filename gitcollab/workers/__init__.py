"""The workers: a pool of processes with limits for what parses, compares, merges, renders and reads.

A notebook is hostile until proven harmless, so nothing here may hurt anybody but the request that brought it: a hang or
a crash costs one answer and a respawn. ``python -m gitcollab.workers --root ROOT --fd N`` serves on an inherited
listening socket until SIGTERM.
"""
