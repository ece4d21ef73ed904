//! Key files of other forms than ours, named as what they are.

/// What a file is that is not a key in PEM of ours, and what to do about it.
pub(crate) fn named(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    let text = String::from_utf8_lossy(bytes);
    let has = |label: &str| text.contains(&format!("-----BEGIN {label}-----"));
    let to_pem = "`openssl pkey -in FILE -out NAME.key` writes it as PKCS#8 in PEM";
    Some(if has("ENCRYPTED PRIVATE KEY") {
        (
            "an encrypted private key",
            "`openssl pkey -in FILE -out NAME.key` asks for its password and writes it without",
        )
    } else if has("OPENSSH PRIVATE KEY") {
        ("a private key of OpenSSH", "make a key of its own: `tinycontainerctl keygen NAME`")
    } else if has("RSA PRIVATE KEY") || has("RSA PUBLIC KEY") {
        ("an RSA key", "only Ed25519 is taken: `tinycontainerctl keygen NAME`")
    } else if has("EC PRIVATE KEY") || has("EC PARAMETERS") {
        ("an ECDSA key", "only Ed25519 is taken: `tinycontainerctl keygen NAME`")
    } else if has("CERTIFICATE") {
        ("a certificate", "`openssl x509 -in FILE -noout -pubkey` writes its public key")
    } else if text.trim_start().starts_with("ssh-") || text.trim_start().starts_with("ecdsa-sha2-") {
        (
            "a public key of OpenSSH",
            "make a key of its own: `tinycontainerctl keygen NAME` writes NAME.pub as SPKI in PEM",
        )
    } else if text.trim_start().starts_with('{') {
        ("JSON, such as a JSON Web Key", to_pem)
    } else {
        return der(bytes);
    })
}

/// A key in DER.
fn der(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    let inside = sequence(bytes)?;
    Some(match inside {
        [2, 1, 0 | 1, 0x30, ..] => {
            ("a private key in DER", "`openssl pkey -inform DER -in FILE -out NAME.key` writes it in PEM")
        }
        [2, ..] => ("an RSA or ECDSA key in DER", "only Ed25519 is taken: `tinycontainerctl keygen NAME`"),
        _ => match sequence(inside)? {
            [6, _, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5 | 12, ..] => (
                "an encrypted private key in DER",
                "`openssl pkey -inform DER -in FILE -out NAME.key` asks for its password and writes it without, in PEM",
            ),
            [6, ..] => (
                "a public key in DER",
                "`openssl pkey -pubin -inform DER -in FILE -pubout -out NAME.pub` writes it in PEM",
            ),
            _ => ("a certificate or another file in DER", "a key in PEM is taken"),
        },
    })
}

/// What is inside of a DER sequence, if one begins here.
pub(crate) fn sequence(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        [0x30, 0x81, _, rest @ ..] | [0x30, 0x82, _, _, rest @ ..] => Some(rest),
        [0x30, 0x00..=0x7f, rest @ ..] => Some(rest),
        _ => None,
    }
}
