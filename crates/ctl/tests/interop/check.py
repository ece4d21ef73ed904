"""Reads what tinycontainerctl has written, with software of others.

usage: check.py CDDL IMAGE TRUST_STORE TOKEN=PEM...

TOKEN is a file, or `metadata` for the metadata token of the image; PEM the public key of its signer.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import cbor2
import cwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from zcbor.zcbor.zcbor import CddlValidationError, DataTranslator


def claims_by_hand(token, pem):
    """The claims of a token: CBOR of cbor2, the signature by cryptography, over the structure of RFC 9052, section 4.4."""
    outer = cbor2.loads(token)
    assert outer.tag == 61 and outer.value.tag == 18
    protected, _, payload, signature = outer.value.value
    signed = cbor2.dumps(["Signature1", protected, b"", payload])
    load_pem_public_key(pem).verify(signature, signed)
    return cbor2.loads(payload)


def check_token(name, token, pem):
    _, unprotected, payload, _ = cbor2.loads(token).value.value
    protected = cbor2.loads(cbor2.loads(token).value.value[0])
    kid = protected.get(4) or unprotected.get(4)
    assert cwt.decode(token, cwt.COSEKey.from_pem(pem, kid=kid)) == claims_by_hand(token, pem), name
    changed = bytearray(token)
    changed[-1] ^= 1
    try:
        claims_by_hand(bytes(changed), pem)
    except InvalidSignature:
        return
    raise AssertionError(f"{name}: a changed signature holds")


def main(cddl, image, trust_store, *tokens):
    types = DataTranslator.from_cddl(cddl_string=Path(cddl).read_text(), default_max_qty=64).my_types
    image, trust_store = Path(image).read_bytes(), Path(trust_store).read_bytes()
    types["image"].validate_str(image)
    types["trust-store"].validate_str(trust_store)
    for bad in (cbor2.dumps([1, b"", b""]), cbor2.dumps({})):
        try:
            types["image"].validate_str(bad)
        except CddlValidationError:
            continue
        raise AssertionError("zcbor takes what is no image")

    metadata = cbor2.loads(image)[0]
    types["metadata"].validate_str(metadata)
    for argument in tokens:
        name, pem = argument.split("=")
        token = cbor2.loads(metadata).value[4] if name == "metadata" else Path(name).read_bytes()
        types["cwt"].validate_str(token)
        check_token(name, token, Path(pem).read_bytes())

    # zcbor makes a decoder and an encoder in C of each file's type.
    with tempfile.TemporaryDirectory() as folder:
        for entry in ("image", "metadata", "cwt", "claims", "trust-store"):
            out = ["--oc", f"{folder}/o.c", "--oh", f"{folder}/o.h", "--oht", f"{folder}/t.h"]
            command = [str(Path(sys.executable).parent / "zcbor"), "code", "-c", cddl, "-t", entry, "-d", "-e", *out]
            made = subprocess.run(command, capture_output=True, text=True)
            assert made.returncode == 0, made.stderr[-500:]
    print(f"{len(tokens)} tokens, an image and a trust store")


main(*sys.argv[1:])
