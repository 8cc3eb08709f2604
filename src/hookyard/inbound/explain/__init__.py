"""Why a webhook is refused: a captured request, taken apart and tried in every way that senders and proxies differ.

Nothing here asks anybody, and nothing ever shows a secret, a key or the signature that was expected.
"""
