"""Jobs of commands that external workers run: given out, kept alive and taken back."""

from hookyard.dispatch.work.ask import Counts, Extension, Given, WorkAsk
from hookyard.dispatch.work.contacts import Contacts, Worker
from hookyard.dispatch.work.held import held
from hookyard.dispatch.work.lease import lease_text, token_of
from hookyard.dispatch.work.work import Work

__all__ = ["Contacts", "Counts", "Extension", "Given", "Work", "WorkAsk", "Worker", "held", "lease_text", "token_of"]
