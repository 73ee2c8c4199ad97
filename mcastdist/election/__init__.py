"""Who represents this subnet for this content? (PROTOCOL.md, section 5)"""

from .candidate import Candidate
from .roles import AnnounceNow, AskLeader, Role, RoleChanged
from .strength import Credentials, Merits, back_off_s, standing_of

__all__ = [
    "AnnounceNow",
    "AskLeader",
    "Candidate",
    "Credentials",
    "Merits",
    "Role",
    "RoleChanged",
    "back_off_s",
    "standing_of",
]
