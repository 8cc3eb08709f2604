"""The courier: takes what is to be sent, sends it when its receiver's line lets it, and writes down what came of it."""

from hookyard.outbound.courier.courier import HELD, Courier
from hookyard.outbound.courier.ledger import OutcomeWriter, Writer

__all__ = ["HELD", "Courier", "OutcomeWriter", "Writer"]
