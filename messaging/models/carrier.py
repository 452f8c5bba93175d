"""Carrier accounts and the routes that lead to them. They belong to the operator, not to a workspace."""

from django.db import models

from privacy.ciphers import EncryptedField
from smsplatform.lib import clock, ids


class Carrier(models.Model):
    """An account with a carrier, and how its SMSC wants to be spoken to."""

    class Mode(models.TextChoices):
        TRANSCEIVER = "trx", "Transceiver"
        PAIR = "pair", "Transmitter and receiver"
        TRANSMITTER = "tx", "Transmitter only"

    class LongMessage(models.TextChoices):
        UDH = "udh", "User data header"
        SAR = "sar", "SAR parameters"
        PAYLOAD = "payload", "message_payload"

    class IdFormat(models.TextChoices):
        TEXT = "text", "The same text in response and receipt"
        DECIMAL = "decimal", "Decimal in both"
        HEX = "hex", "Hexadecimal in both"
        HEX_IN_RESPONSE = "hex_in_response", "Hexadecimal in the response, decimal in the receipt"
        HEX_IN_RECEIPT = "hex_in_receipt", "Decimal in the response, hexadecimal in the receipt"

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    name = models.SlugField(max_length=40, unique=True)
    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField()
    tls = models.BooleanField(default=False)
    system_id = EncryptedField(purpose="secrets", workspace=None)
    password = EncryptedField(purpose="secrets", workspace=None)
    system_type = models.CharField(max_length=12, default="", blank=True)
    mode = models.CharField(max_length=4, choices=Mode, default=Mode.TRANSCEIVER)
    binds_max = models.PositiveSmallIntegerField(default=1)
    window = models.PositiveIntegerField(default=500)  # submits without a committed answer, per session
    throughput_max = models.PositiveIntegerField(default=0)  # parts per second over all sessions, 0 unlimited
    long_message = models.CharField(max_length=7, choices=LongMessage, default=LongMessage.UDH)
    id_format = models.CharField(max_length=15, choices=IdFormat, default=IdFormat.TEXT)
    charset = models.CharField(max_length=6, default="gsm7")  # what data_coding 0 means here: gsm7 or latin1
    country = models.CharField(max_length=2, default="", blank=True)  # where it processes, for the processor list
    sandbox = models.BooleanField(default=False)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "messaging_carrier"

    def __str__(self) -> str:
        return self.name


class Route(models.Model):
    """Numbers that begin with ``prefix`` go to ``carrier``; equal prefixes are tried by ``position``."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    prefix = models.CharField(max_length=15, blank=True)  # digits without plus; empty matches all
    livemode = models.BooleanField()
    position = models.PositiveSmallIntegerField(default=0)
    carrier = models.ForeignKey(Carrier, on_delete=models.CASCADE, related_name="routes")
    enabled = models.BooleanField(default=True, db_default=True)

    class Meta:
        db_table = "messaging_route"
        constraints = [models.UniqueConstraint(fields=["livemode", "prefix", "position"], name="route_order")]

    def __str__(self) -> str:
        return f"+{self.prefix} {self.position}"

    @property
    def public_id(self) -> str:
        return ids.encode(ids.ROUTE, self.id)


class BindLease(models.Model):
    """One of a carrier's permitted binds, held by a worker as long as its heartbeat goes on."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    carrier = models.ForeignKey(Carrier, on_delete=models.CASCADE, related_name="+")
    slot = models.PositiveSmallIntegerField()
    holder = models.UUIDField()
    bound = models.BooleanField(default=False)
    until = models.DateTimeField()

    class Meta:
        db_table = "messaging_bind_lease"
        constraints = [models.UniqueConstraint(fields=["carrier", "slot"], name="bind_slot")]

    def __str__(self) -> str:
        return f"bind {self.slot}"


class UnheardDay(models.Model):
    """How many texts from phones a carrier brought on a day that were acknowledged and not kept."""

    pk = models.CompositePrimaryKey("day", "carrier_id")
    day = models.DateField()
    carrier_id = models.UUIDField()
    texts = models.BigIntegerField()

    class Meta:
        db_table = "messaging_unheard_day"

    def __str__(self) -> str:
        return f"{self.day}: {self.texts}"
