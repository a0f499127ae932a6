//! Seals API keys with a key that lies outside the database.
//!
//! What is stored is useless without the key file, and bound to its connection and host: a sealed key that is
//! copied to another row, or whose base URL was changed behind our back, does not open.

use crate::error::{Error, Result};
use crate::{files, settings};
use chacha20poly1305::aead::{Aead, AeadCore, KeyInit, OsRng, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use chorus_client::{ApiKey, BaseUrl};
use pgrx::pg_sys;
use std::ffi::CStr;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// First byte of what is stored, so that another way of sealing can follow.
const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;
const KEY_BYTES: usize = 32;
const DEFAULT_FILE: &str = "chorus_sync.key";

/// Encrypts `api_key` for one connection and host. Makes the key file on first use; `F0000` if that fails.
pub fn seal(api_key: &str, connection_id: i64, base_url: &BaseUrl) -> Result<Vec<u8>> {
    let cipher = cipher(true)?;
    let nonce = XChaCha20Poly1305::generate_nonce(&mut OsRng);
    let bound_to = bound_to(connection_id, base_url);
    let sealed = cipher
        .encrypt(
            &nonce,
            Payload {
                msg: api_key.as_bytes(),
                aad: bound_to.as_bytes(),
            },
        )
        .map_err(|_| Error::unusable_setting("the API key could not be sealed", ""))?;
    Ok([&[VERSION], nonce.as_slice(), &sealed].concat())
}

/// Opens what [`seal`] made for the same connection and host. `F0000` if the key file is another one.
pub fn open(sealed: &[u8], connection_id: i64, base_url: &BaseUrl) -> Result<ApiKey> {
    let unusable = || {
        Error::unusable_setting(
            "the stored API key cannot be opened with this server's key file",
            "The key file or the base URL has changed since. Call chorus_connect() with the API key again.",
        )
    };
    let (version, rest) = sealed.split_first().ok_or_else(unusable)?;
    if *version != VERSION || rest.len() < NONCE_BYTES {
        return Err(unusable());
    }
    let (nonce, sealed) = rest.split_at(NONCE_BYTES);
    let bound_to = bound_to(connection_id, base_url);
    let opened = cipher(false)?
        .decrypt(
            XNonce::from_slice(nonce),
            Payload {
                msg: sealed,
                aad: bound_to.as_bytes(),
            },
        )
        .map(Zeroizing::new)
        .map_err(|_| unusable())?;
    let text = std::str::from_utf8(&opened).map_err(|_| unusable())?;
    ApiKey::new(text).map_err(|_| unusable())
}

fn bound_to(connection_id: i64, base_url: &BaseUrl) -> String {
    format!(
        "chorus_sync connection {connection_id} at {}",
        base_url.origin()
    )
}

fn cipher(may_make: bool) -> Result<XChaCha20Poly1305> {
    let key = match settings::secret_key_file() {
        Some(path) => read_key(Path::new(&path))?,
        None => {
            let path = data_directory().join(DEFAULT_FILE);
            if may_make {
                make_key(&path)?;
            }
            read_key(&path)?
        }
    };
    Ok(XChaCha20Poly1305::new(chacha20poly1305::Key::from_slice(
        key.as_slice(),
    )))
}

fn data_directory() -> PathBuf {
    let path = unsafe { CStr::from_ptr(pg_sys::DataDir) };
    PathBuf::from(path.to_string_lossy().into_owned())
}

fn read_key(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let unusable = |why: String| {
        Error::unusable_setting(
            format!("cannot use the key file \"{}\": {why}", path.display()),
            "It must hold 32 bytes or more and be readable by the user that runs PostgreSQL and by nobody else. \
             Where it is lost, call chorus_connect() with the API key again.",
        )
    };
    let (content, facts) = files::read(path).map_err(|error| unusable(error.to_string()))?;
    // As libpq asks of its own: a file of root may be read by a group.
    let forbidden = if facts.uid() == 0 { 0o027 } else { 0o077 };
    if facts.mode() & forbidden != 0 {
        return Err(unusable(format!(
            "others may read it (mode {:04o})",
            facts.mode() & 0o7777
        )));
    }
    let key = content
        .get(..KEY_BYTES)
        .ok_or_else(|| unusable("it is shorter than 32 bytes".into()))?;
    Ok(Zeroizing::new(key.to_vec()))
}

/// Makes the key file if there is none. Two backends may try at once: the file appears whole, by a link, and once.
fn make_key(path: &Path) -> Result<()> {
    if path.exists() {
        return Ok(());
    }
    let cannot = |error: std::io::Error| {
        Error::unusable_setting(
            format!("cannot make the key file \"{}\": {error}", path.display()),
            "Set chorus_sync.secret_key_file to a file with 32 random bytes.",
        )
    };
    let draft = path.with_extension(format!("key.{}", std::process::id()));
    let key = Zeroizing::new(XChaCha20Poly1305::generate_key(&mut OsRng).to_vec());
    let _ = std::fs::remove_file(&draft);
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .map_err(cannot)?;
    file.write_all(&key)
        .and_then(|()| file.sync_all())
        .map_err(cannot)?;
    let made = std::fs::hard_link(&draft, path);
    let _ = std::fs::remove_file(&draft);
    match made {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(cannot(error)),
        _ => {
            if let Ok(directory) = std::fs::File::open(data_directory()) {
                let _ = directory.sync_all();
            }
            Ok(())
        }
    }
}
