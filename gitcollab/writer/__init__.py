"""WRITER: the one process that moves refs. It answers acts, watches workspaces, and tells what happened."""
