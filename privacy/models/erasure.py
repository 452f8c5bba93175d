from django.db import models

from smsplatform.lib import clock, ids


class Erasure(models.Model):
    """An erasure somebody asked for, by the id of its request: counts by model, nobody's identity."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    subject = models.CharField(max_length=20)
    done = models.JSONField(default=dict)  # model: rows
    kept = models.JSONField(default=dict)  # model: rows that stay
    begun_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "privacy_erasure"

    def __str__(self) -> str:
        return f"erasure {self.id}"


class StoppedErasure(models.Model):
    """What a hold kept from an erasure in a workspace: erased when the hold is released, and then forgotten.

    Who it is about is a keyed hash of their number under a key of the workspace, or the random id of an account that
    is gone; rows that came after ``begun_at`` are not meant.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    erasure_id = models.UUIDField()
    workspace_id = models.UUIDField()
    subject = models.CharField(max_length=20)
    number_idx = models.BinaryField(max_length=16, null=True)
    user_id = models.UUIDField(null=True)
    left = models.JSONField(default=dict)  # model: rows
    begun_at = models.DateTimeField()
    tried_at = models.DateTimeField()

    class Meta:
        db_table = "privacy_stopped_erasure"
        constraints = [
            models.UniqueConstraint(fields=["erasure_id", "workspace_id"], name="stopped_erasure_once"),
            models.CheckConstraint(
                condition=models.Q(number_idx__isnull=False) ^ models.Q(user_id__isnull=False),
                name="stopped_erasure_of_one",
            ),
        ]
        indexes = [models.Index("workspace_id", name="stopped_erasure_place")]

    def __str__(self) -> str:
        return f"stopped erasure {self.erasure_id}"


class Restriction(models.Model):
    """Somebody's data may be stored and nothing else (Art. 18). Numbers are known by a blind index of the platform."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    person_id = models.UUIDField(null=True)  # who signs in
    number_idx = models.BinaryField(max_length=16, null=True)  # who is sent messages
    place_id = models.UUIDField(null=True)  # one workspace only; otherwise all that know the number
    since = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "privacy_restriction"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(person_id__isnull=False) ^ models.Q(number_idx__isnull=False),
                name="restriction_of_one",
            )
        ]
        indexes = [
            models.Index("person_id", name="restriction_person", condition=models.Q(lifted_at=None)),
            models.Index("number_idx", name="restriction_number", condition=models.Q(lifted_at=None)),
        ]

    def __str__(self) -> str:
        return f"restriction {self.id}"


class Objection(models.Model):
    """Somebody who signs in objects to something done with their data (Art. 21), by the id of their request."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    person_id = models.UUIDField()
    activity = models.CharField(max_length=24)  # a key of the registry
    since = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "privacy_objection"
        indexes = [models.Index("person_id", name="objection_person", condition=models.Q(lifted_at=None))]

    def __str__(self) -> str:
        return f"objection {self.id}"


class KnownEpoch(models.Model):
    """The newest erasure this database knows of. Behind the key store's, it was restored from a time before."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    epoch = models.PositiveBigIntegerField(default=0)

    class Meta:
        db_table = "privacy_known_epoch"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="known_epoch_is_one_row")]

    def __str__(self) -> str:
        return str(self.epoch)
