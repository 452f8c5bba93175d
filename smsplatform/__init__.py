"""The project: wiring, and a library that could be in any product."""

from smsplatform.celery import app as celery

__all__ = ["celery"]
