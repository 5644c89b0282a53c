"""The worker process of python_function models."""
