"""The project: wiring, and a library that could be in any product."""
