"""Passwords of local logins: scrypt with a salt each, checked in constant time."""

import hashlib
import hmac
import secrets

LEAST = 12
"""Characters a password must have."""
_N, _R, _P = 2**14, 8, 1


def hashed(password: str) -> str:
    """As kept: `scrypt$<salt>$<digest>`, both hexadecimal. About 50 ms and 16 MiB."""
    salt = secrets.token_bytes(16)
    return f"scrypt${salt.hex()}${_digest(password, salt).hex()}"


def fits(password: str, kept: str) -> bool:
    """Is this the password? An unreadable `kept` fits none."""
    scheme, _, rest = kept.partition("$")
    salt, _, wanted = rest.partition("$")
    if scheme != "scrypt":
        return False
    return hmac.compare_digest(_digest(password, bytes.fromhex(salt)).hex(), wanted)


def _digest(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=_N, r=_R, p=_P)


NOBODY = hashed(secrets.token_hex(16))
"""Checked where no such login exists, so that the time it takes tells nothing."""
