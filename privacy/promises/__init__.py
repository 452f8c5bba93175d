"""Sentences of the published policy that a machine, or a person with evidence, shows to be true."""

from privacy.promises.model import Attestation, Check, Outcome, Promise, Status, check, checks, declare, promises
from privacy.promises.register import published, unclaimed
from privacy.promises.wording import sentence

__all__ = [
    "Attestation", "Check", "Outcome", "Promise", "Status", "check", "checks", "declare", "promises", "published",
    "sentence", "unclaimed",
]  # fmt: skip
