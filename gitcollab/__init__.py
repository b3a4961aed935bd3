"""A git-backed asynchronous collaboration service for notebooks."""
