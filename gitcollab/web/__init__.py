"""WEB: the doors over HTTP. It parses no notebook and touches no repository; it asks the writer and the workers."""
