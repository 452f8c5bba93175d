from typing import Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from privacy import ciphers
from privacy.ciphers import EncryptedField
from smsplatform.lib import clock, ids


def normalise_email(email: str) -> str:
    """The form an address is looked up by: trimmed and casefolded."""
    return email.strip().casefold()


class StaffRole(models.TextChoices):
    """What a member of the operator's staff does; empty for everybody else."""

    NONE = "", "not staff"
    ADMIN = "admin", "Admin"
    SUPPORT = "support", "Support"
    FINANCE = "finance", "Finance"
    AUDITOR = "auditor", "Auditor"


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        """Look a person up by e-mail, through the blind index."""
        return self.get(email_idx=User.email_index(username or ""))


class User(AbstractBaseUser):
    """A person who signs in. The e-mail address is ciphertext; ``email_idx`` finds it."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    email = EncryptedField(purpose="account", workspace=None)
    email_idx = models.BinaryField(max_length=16, unique=True, editable=False)
    name = EncryptedField(purpose="account", workspace=None, null=True)
    staff_role = models.CharField(max_length=10, choices=StaffRole, default=StaffRole.NONE, blank=True)
    company = EncryptedField(purpose="account", workspace=None, null=True)  # asked for only if the profile collects it
    phone = EncryptedField(purpose="account", workspace=None, null=True)  # likewise; never a way to sign in
    locale = models.CharField(max_length=8, default="", blank=True)  # empty: as the browser asks
    time_zone = models.CharField(max_length=40, default="", blank=True)  # empty: the workspace's
    second_factor = models.BooleanField(default=False)  # has a confirmed one; kept by accounts.factors
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now)
    email_confirmed_at = models.DateTimeField(null=True)
    age_attested_at = models.DateTimeField(null=True)
    policy_version = models.CharField(max_length=20, default="", blank=True)  # the one last shown
    policy_seen_at = models.DateTimeField(null=True)
    workspace_wanted = models.CharField(max_length=80, default="", blank=True)  # until it is made, at confirmation

    objects = UserManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = []

    class Meta:
        db_table = "accounts_user"
        indexes = [
            models.Index(
                "created_at", name="user_unconfirmed", condition=models.Q(email_confirmed_at=None, staff_role="")
            )
        ]

    def __str__(self) -> str:
        return ids.encode("usr", self.id)

    @staticmethod
    def email_index(email: str) -> bytes:
        """The blind index of an address."""
        return ciphers.platform_index("accounts.User.email", normalise_email(email))

    @property
    def is_staff(self) -> bool:
        """Whether this person works for the operator (never a right by itself)."""
        return bool(self.staff_role)

    def put_email(self, email: str) -> Self:
        """Set the address and its index together; does not save."""
        self.email, self.email_idx = email.strip(), self.email_index(email)
        return self
