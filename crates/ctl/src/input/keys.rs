//! Keys: Ed25519, as PKCS#8 and SPKI in PEM, which openssl reads and writes too.

use crate::input::files;
use crate::input::foreign_keys::named;
use crate::text::error::with_help;
use crate::text::style::{hex, unhex};
use anyhow::{Context, Result};
use ed25519::pkcs8::spki::der::pem::LineEnding;
use ed25519::pkcs8::{
    DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, KeypairBytes, PublicKeyBytes,
};
use sha2::{Digest, Sha256};
use std::path::Path;
use tinycontainer_token::Key;
use tinycontainer_token::issue::public_key;

/// The most that a key file has, in bytes.
const MOST: u64 = 16 << 10;

/// A key's id: the first 8 bytes of its COSE Key Thumbprint.
pub(crate) type Kid = [u8; 8];

/// A private key.
pub(crate) struct Secret {
    pub(crate) seed: [u8; 32],
}

impl Secret {
    pub(crate) fn random() -> Result<Self> {
        let mut seed = [0; 32];
        fill(&mut seed)?;
        Ok(Self { seed })
    }

    /// The same key for the same text: not a secret, for tests only.
    pub(crate) fn test(text: &str) -> Self {
        let seed = Sha256::new().chain_update(b"tinycontainer TEST key ").chain_update(text).finalize();
        Self { seed: seed.into() }
    }

    pub(crate) fn read(path: &Path) -> Result<Self> {
        Self::parse(path, &files::read_at_most(path, MOST)?)
    }

    /// A private key from the bytes of that file.
    pub(crate) fn parse(path: &Path, bytes: &[u8]) -> Result<Self> {
        let name = path.display();
        let text = String::from_utf8_lossy(bytes);
        let pair = KeypairBytes::from_pkcs8_pem(&text).map_err(|error| {
            if let Some((what, help)) = named(bytes) {
                return with_help(
                    format!("{name} is {what}, and an Ed25519 private key in PEM (PKCS#8) is needed"),
                    help,
                );
            }
            let help = if text.contains("PUBLIC KEY") {
                "this is a public key; the private one is beside it, NAME.key"
            } else {
                "`tinycontainerctl keygen NAME` makes NAME.key; so does `openssl genpkey -algorithm ed25519`"
            };
            with_help(format!("{name} is not an Ed25519 private key (PKCS#8 in PEM): {error}"), help)
        })?;
        let secret = Self { seed: pair.secret_key };
        if pair.public_key.as_ref().is_some_and(|public| public.0 != secret.public()) {
            return Err(with_help(
                format!("{name}: the public key in it is not that of the private key"),
                "the file is damaged: take a backup, or make a new key",
            ));
        }
        Ok(secret)
    }

    pub(crate) fn public(&self) -> [u8; 32] {
        public_key(&self.seed)
    }

    pub(crate) fn kid(&self) -> Kid {
        kid(&self.public())
    }

    pub(crate) fn to_pem(&self) -> Result<String> {
        // Without the public key: the form that every openssl reads.
        let pair = KeypairBytes { secret_key: self.seed, public_key: None };
        let pem = pair.to_pkcs8_pem(LineEnding::LF).map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(pem.to_string())
    }
}

/// A public key, as PEM.
pub(crate) fn public_to_pem(key: [u8; 32]) -> Result<String> {
    PublicKeyBytes(key).to_public_key_pem(LineEnding::LF).map_err(|error| anyhow::anyhow!("{error}"))
}

/// Reads a public key.
pub(crate) fn read_public(path: &Path) -> Result<[u8; 32]> {
    parse_public(path, &files::read_at_most(path, MOST)?)
}

/// A public key from the bytes of that file.
pub(crate) fn parse_public(path: &Path, bytes: &[u8]) -> Result<[u8; 32]> {
    let text = String::from_utf8_lossy(bytes);
    PublicKeyBytes::from_public_key_pem(&text).map(|key| key.0).map_err(|error| {
        if let Some((what, help)) = named(bytes) {
            return with_help(
                format!("{} is {what}, and an Ed25519 public key in PEM (SPKI) is needed", path.display()),
                help,
            );
        }
        let help = if text.contains("PRIVATE KEY") {
            "this is a private key, which belongs to its owner alone; name the .pub file"
        } else {
            "`tinycontainerctl keygen NAME` makes NAME.pub; so does `openssl pkey -in NAME.key -pubout`"
        };
        with_help(format!("{} is not an Ed25519 public key (SPKI in PEM): {error}", path.display()), help)
    })
}

/// The least and the most bytes of a secret for HMAC 256/256 (RFC 9053, section 3.1; a block of SHA-256).
const SHARED: std::ops::RangeInclusive<usize> = 32..=64;

/// Reads a secret that signer and device share: hex digits.
pub(crate) fn read_shared(path: &Path) -> Result<Vec<u8>> {
    let name = path.display();
    let bytes = files::read_at_most(path, MOST)?;
    let help = "`openssl rand -hex 32` prints one";
    let secret = str::from_utf8(&bytes).ok().and_then(unhex).ok_or_else(|| {
        let what = named(&bytes).map(|(what, _)| format!(" ({what})")).unwrap_or_default();
        with_help(format!("{name} is not a shared secret in hex digits{what}"), help)
    })?;
    if !SHARED.contains(&secret.len()) {
        let (least, most) = (SHARED.start(), SHARED.end());
        return Err(with_help(
            format!("{name} has {} bytes: a shared secret has {least} to {most}", secret.len()),
            help,
        ));
    }
    Ok(secret)
}

/// Reads a public key that is given as 64 hex digits or as a file.
pub(crate) fn hex_or_file(text: &str) -> Result<[u8; 32]> {
    match unhex(text).map(<[u8; 32]>::try_from) {
        Some(Ok(key)) => Ok(key),
        _ => read_public(Path::new(text))
            .with_context(|| format!("`{text}` is neither 64 hex digits nor a file with a public key")),
    }
}

/// The first 8 bytes of the COSE Key Thumbprint.
pub(crate) fn kid(public: &[u8; 32]) -> Kid {
    tinycontainer_policy::kid(Key::Ed25519(public))
}

/// Random bytes from the operating system.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<()> {
    getrandom::fill(bytes).map_err(|error| anyhow::anyhow!("the system gives no random bytes: {error}"))
}

/// How a kid is written for people.
pub(crate) fn show_kid(kid: &[u8]) -> String {
    hex(kid)
}

/// A public key that is given as 64 hex digits.
pub(crate) fn from_hex(text: &str) -> Option<[u8; 32]> {
    unhex(text)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kid_is_the_head_of_the_thumbprint_of_the_encoded_key() {
        let key = Secret::test("kid").public();
        let mut cose = Vec::new();
        let mut encoder = minicbor::Encoder::new(&mut cose);
        encoder.map(3).unwrap().u8(1).unwrap().u8(1).unwrap();
        encoder.i8(-1).unwrap().u8(6).unwrap().i8(-2).unwrap().bytes(&key).unwrap();
        assert_eq!(kid(&key), Sha256::digest(&cose)[..8]);
    }

    #[test]
    fn pem_goes_both_ways() {
        let secret = Secret::test("pem");
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("TEST.key");
        std::fs::write(&path, secret.to_pem().unwrap()).unwrap();
        assert_eq!(Secret::read(&path).unwrap().seed, secret.seed);
        assert!(read_public(&path).is_err(), "a private key is not taken for a public one");
        std::fs::write(&path, public_to_pem(secret.public()).unwrap()).unwrap();
        assert_eq!(read_public(&path).unwrap(), secret.public());
    }
}
