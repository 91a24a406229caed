"""Who acts. Every action takes one as `by`, and every ledger entry names it."""

from dataclasses import dataclass

from app.vocabulary import Role


@dataclass(frozen=True, slots=True)
class Actor:
    """The holder of an API key, or the installation itself (`system:seed`)."""

    id: str
    name: str
    role: Role
    orcid: str | None = None

    def may(self, role: Role) -> bool:
        """Roles include each other: an admin may do what a curator may, a curator what a contributor may."""
        order = list(Role)
        return order.index(self.role) >= order.index(role)


SEEDING = Actor("system:seed", "Founding data", Role.ADMIN)
MAINTENANCE = Actor("system:maintenance", "Maintenance", Role.ADMIN)
RETRACTION_CHECK = Actor("system:retraction-check", "Retraction check", Role.CURATOR)
"""Acts on retractions and expressions of concern that the literature services report."""
