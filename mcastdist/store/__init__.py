"""Where does content lie on disk? The only room that knows.

`Store` keeps packages in a directory, `MemoryStore` in memory with the same methods. Both lend
`Holding`s, which take bytes in and give proven ones out. All calls block: use threads.
"""

from .disk import Disk, File
from .entry import Entry, Freed, Usage
from .holding import Holding
from .ledger import Absorbed
from .memory import MemoryStore
from .memory_holding import MemoryHolding, MemoryStaged
from .quota import StoreLimits
from .rehearsal import rehearse_delivery
from .staging import Staged
from .store import Store
from .table import Deliverable, PackageTable

__all__ = [
    "Absorbed",
    "Deliverable",
    "Disk",
    "Entry",
    "File",
    "Freed",
    "Holding",
    "MemoryHolding",
    "MemoryStaged",
    "MemoryStore",
    "PackageTable",
    "Staged",
    "Store",
    "StoreLimits",
    "Usage",
    "rehearse_delivery",
]
