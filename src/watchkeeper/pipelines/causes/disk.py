"""The disk is full."""

from watchkeeper.pipelines.cause import family

_FREE = "Free space in an earlier step (old images, caches, work folders), or use a larger disk."

FAMILY = family(
    "disk",
    [
        ("no_space", "no space left on device|enospc|not enough space|no space left", r"(?i)(?:no space left on device|ENOSPC|not enough (?:disk )?space|No space left)", 9.6, _FREE, "write /tmp/a: no space left on device"),
        ("quota", "disk quota exceeded|edquot|quota exceeded", r"(?i)(?:disk quota exceeded|EDQUOT|storage quota (?:has been )?(?:hit|exceeded))", 9.2, _FREE, "tar: a: Cannot write: Disk quota exceeded"),
        ("low", "running out of disk space|low disk space|disk is full|disk full|free disk space|insufficient disk space|there is not enough space on the disk", r"(?i)(?:running out of disk space|disk (?:is )?full|insufficient (?:disk )?space|not enough space on the disk|do(?:es)? not have enough free (?:disk )?space)", 9, _FREE, "You are running out of disk space. The runner will stop working when the machine runs out of disk space."),
        ("node_pressure", "diskpressure|ephemeral-storage|ephemeral local storage", r"(?:DiskPressure|low on resource: ephemeral-storage|ephemeral local storage usage exceeds)", 8.8, _FREE, "The node was low on resource: ephemeral-storage."),
        ("read_only", "read-only file system|erofs", r"(?:Read-only file system|EROFS)", 8, "Write elsewhere: this folder is mounted read only.", "touch: cannot touch '/a': Read-only file system"),
        ("inodes", "no inodes|too many open files|emfile|too many links", r"(?:EMFILE|[Tt]oo many open files)", 7.6, "Raise the limit of open files.", "Error: EMFILE: too many open files"),
        ("io", "input/output error", r"[Ii]nput/output error", 7.2, "The disk itself fails: change the runner.", "cp: error reading 'a': Input/output error"),
    ],
)  # fmt: skip
