"""The stages that a save takes, in their order; each is one public act, and none imports another."""
