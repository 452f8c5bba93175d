"""Money: what a key may read about its wallet."""

from django.urls import path

from billing.api.balance import BalanceView
from billing.api.ledger_entries import LedgerEntriesView

urlpatterns = [
    path("v1/balance", BalanceView.as_view(), name="balance"),
    path("v1/ledger_entries", LedgerEntriesView.as_view(), name="ledger_entries"),
]
