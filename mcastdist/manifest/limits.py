"""What bounds a package? Every number a publisher must keep and a receiver checks.

They protect a receiver's memory and disk from a manifest that is damaged or was made to harm.
"""

from __future__ import annotations

FORMAT = 1  # a reader refuses higher ones; new optional fields do not need a new number

# --- how much ------------------------------------------------------------------------------------

FILES_MAX = 1 << 18  # a Linux kernel tree has 90,000; decoding this many costs some 150 MB
CHUNKS_MAX = 1 << 19  # one for each small file and 256 GiB of slices; 18 MiB of table
MANIFEST_BYTES_MAX = 1 << 26  # FILES_MAX long paths and CHUNKS_MAX chunks: 64 MiB
PAYLOAD_BYTES_MAX = 1 << 38  # 256 GiB: the largest that CHUNKS_MAX always covers

# --- chunks --------------------------------------------------------------------------------------

CHUNK_BYTES_MIN = 1 << 16  # the slice of a small package: what one flipped bit costs
CHUNK_BYTES_MAX = 1 << 20  # beyond it a table hardly shrinks: 20 GiB have 720 KiB of it
CHUNK_COUNT_AIM = 1 << 12  # slices grow with the package until then: 144 KiB of table

# --- words ---------------------------------------------------------------------------------------

NAME_CHARS_MAX = 100  # with a version and the longest suffix still one file name
VERSION_CHARS_MAX = 64
NUMBER_MAX = (1 << 53) - 1  # sequence and times: JSON and SQLite hold it exactly
MODE_MAX = 0o777  # permission bits; set-uid, set-gid and sticky are never shipped
SOURCES_MAX = 64
INSTALL_WORDS_MAX = 256
TEXT_BYTES_MAX = 4096  # one source or one install argument
PATH_BYTES_MAX = 4096  # Linux' PATH_MAX
PART_BYTES_MAX = 255  # what ext4, XFS, APFS and NTFS take for one name
SIGNATURE_BYTES_MAX = 16_384  # minisign writes at most 8 KiB of comment and 600 bytes around it
