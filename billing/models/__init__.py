from billing.models.account import Account
from billing.models.funding_wallet import FundingWallet
from billing.models.hold import Cap, Hold
from billing.models.price import PriceItem, PricePlan, PriceVersion
from billing.models.transfer import Transfer

__all__ = ["Account", "Cap", "FundingWallet", "Hold", "PriceItem", "PricePlan", "PriceVersion", "Transfer"]
