from billing.models.account import Account
from billing.models.price import PriceItem, PricePlan, PriceVersion
from billing.models.transfer import Transfer

__all__ = ["Account", "PriceItem", "PricePlan", "PriceVersion", "Transfer"]
