"""The token issuer of a platform on one machine: it signs for demo people and our own services.

It refuses production: there tokens come from the chain's own identity provider.
"""

from allinone.issuer.signing import LocalIssuer, ProductionRefused

__all__ = ["LocalIssuer", "ProductionRefused"]
