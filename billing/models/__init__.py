from billing.models.account import Account
from billing.models.funding_wallet import FundingWallet
from billing.models.price import PriceItem, PricePlan, PriceVersion
from billing.models.transfer import Transfer

__all__ = ["Account", "FundingWallet", "PriceItem", "PricePlan", "PriceVersion", "Transfer"]
