"""The token issuer of a platform on one machine: it signs for demo people and our own services.

It refuses production: there tokens come from the chain's own identity provider. The pages on which
people sign in are in `sign_in`, which only a process that serves them imports.
"""

from allinone.issuer.clients import APP, Clients
from allinone.issuer.grants import Grants
from allinone.issuer.people import People, Person
from allinone.issuer.signing import LocalIssuer, ProductionRefused

__all__ = [
    "APP",
    "Clients",
    "Grants",
    "LocalIssuer",
    "People",
    "Person",
    "ProductionRefused",
]
