"""Writes tokens that authorise gpio:17, with software of others.

usage: issue.py PRIVATE_PEM PUBLIC_PEM OUT_BY_CWT OUT_BY_HAND

By python-cwt, with the kid in the unprotected header; and by cbor2 and cryptography, with the kid in the protected one.
For the container a.pin on the device `here`, bound to the signer's key of PUBLIC_PEM (RFC 9679).
"""

import hashlib
import sys
from pathlib import Path

import cbor2
import cwt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key, load_pem_public_key


def thumbprint(public_key):
    """COSE Key Thumbprint with SHA-256 (RFC 9679) of an Ed25519 key."""
    x = public_key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return hashlib.sha256(cbor2.dumps({1: 1, -1: 6, -2: x}, canonical=True)).digest()


def main(private, public, by_cwt, by_hand):
    pem = Path(private).read_bytes()
    key = load_pem_private_key(pem, None)
    kid = thumbprint(key.public_key())[:8]
    access = cbor2.dumps({2: 1, 4: 17, 5: 1, 7: 1}, canonical=True)
    signer = thumbprint(load_pem_public_key(Path(public).read_bytes()))
    claims = {1: "owner", 2: "a.pin", 3: "here", -65539: access, -65540: 5, -65541: signer}
    payload = cbor2.dumps(claims, canonical=True)

    message = cwt.COSE.new().encode(
        payload, cwt.COSEKey.from_pem(pem, alg="EdDSA"), protected={1: -8}, unprotected={4: kid}
    )
    Path(by_cwt).write_bytes(b"\xd8\x3d" + message)

    protected = cbor2.dumps({1: -8, 4: kid}, canonical=True)
    signature = key.sign(cbor2.dumps(["Signature1", protected, b"", payload]))
    message = cbor2.CBORTag(61, cbor2.CBORTag(18, [protected, {}, payload, signature]))
    Path(by_hand).write_bytes(cbor2.dumps(message))


main(*sys.argv[1:])
