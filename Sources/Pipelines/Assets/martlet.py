"""Tasks and pipelines of Martlet, declared in Python."""
