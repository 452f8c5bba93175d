"""Price plans. They belong to the operator; a version never changes once it is approved."""

import datetime as dt

from django.db import models

from smsplatform.lib import clock, ids


class PricePlan(models.Model):
    """A list of prices in one currency. Prefixes it does not name are priced by ``base``."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    name = models.CharField(max_length=60, unique=True)
    currency = models.CharField(max_length=3)
    base = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT)
    sample = models.BooleanField(default=False)  # shipped prices, to be replaced before anybody is charged
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "billing_price_plan"

    def __str__(self) -> str:
        return self.name


class PriceVersion(models.Model):
    """The items of a plan from ``effective_at`` until the next approved version begins."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        APPROVED = "approved", "Approved"
        EFFECTIVE = "effective", "Effective"
        SUPERSEDED = "superseded", "Superseded"

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    plan = models.ForeignKey(PricePlan, on_delete=models.PROTECT, related_name="versions")
    effective_at = models.DateTimeField()
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.UUIDField(null=True)
    approved_at = models.DateTimeField(null=True)
    approved_by = models.UUIDField(null=True)

    class Meta:
        db_table = "billing_price_version"
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "effective_at"],
                condition=models.Q(approved_at__isnull=False),
                name="price_version_one_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.effective_at:%Y-%m-%d}"

    def state(self, *, at: dt.datetime, in_force: "PriceVersion | None") -> State:
        """Where this version stands at ``at``, given the version of its plan that is in force then."""
        if self.approved_at is None:
            return self.State.DRAFT
        if self.effective_at > at:
            return self.State.APPROVED
        return self.State.EFFECTIVE if in_force and in_force.pk == self.pk else self.State.SUPERSEDED


class PriceItem(models.Model):
    """The price of one part to numbers that begin with ``prefix`` (digits without plus)."""

    class Basis(models.TextChoices):
        """When a message is owed: refunds follow from it."""

        ACCEPT = "accept", "Once accepted"
        SUBMIT = "submit", "Once a carrier took it"
        DELIVERED = "delivered", "Once delivered"

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    version = models.ForeignKey(PriceVersion, on_delete=models.CASCADE, related_name="items")
    prefix = models.CharField(max_length=15)
    country = models.CharField(max_length=2)
    unit_micro = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    refund_basis = models.CharField(max_length=9, choices=Basis, default=Basis.SUBMIT)
    reject = models.BooleanField(default=False)  # not served: no price, whatever a shorter prefix says

    class Meta:
        db_table = "billing_price_item"
        constraints = [
            models.UniqueConstraint(fields=["version", "prefix"], name="price_item_prefix_once"),
            models.CheckConstraint(condition=models.Q(unit_micro__gte=0), name="price_item_not_negative"),
            models.CheckConstraint(condition=models.Q(prefix__regex=r"^[1-9][0-9]{0,14}$"), name="price_item_prefix"),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.prefix}"
