from django.db import models

from smsplatform.lib import ids


class Visit(models.Model):
    """A view of a public page. The address is cut off before it gets here, and the table refuses one that is not."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    at = models.DateTimeField()  # to the minute
    page = models.CharField(max_length=80)  # the name of the route, never an address
    network = models.GenericIPAddressField(null=True)  # /24 or /48
    visit_id = models.UUIDField(null=True)  # from the visit cookie, where a policy has one and somebody agreed

    class Meta:
        db_table = "privacy_visit"
        indexes = [models.Index("at", name="visit_by_time")]

    def __str__(self) -> str:
        return self.page
