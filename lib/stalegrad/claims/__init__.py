"""The ledger: claims are data, verdicts are computed from evidence."""

from stalegrad.claims.lookup import Claim, claim

__all__ = ["Claim", "claim"]
