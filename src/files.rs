//! Files of the server: keys and certificates. What is not a plain file of a sane size is refused before it is read, so
//! that a pipe or a device named by mistake hangs no backend.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{Error, Read, Result};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use zeroize::Zeroizing;

/// Far above any key or list of certificates, in bytes.
const LARGEST: u64 = 4 * 1024 * 1024;

/// The content of a file, and what the file system says of it.
pub fn read(path: &Path) -> Result<(Zeroizing<Vec<u8>>, Metadata)> {
    // Without O_NONBLOCK, opening a pipe waits for its writer, and no signal ends that.
    let file: File = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_CLOEXEC)
        .open(path)?;
    let facts = file.metadata()?;
    if !facts.is_file() {
        return Err(Error::other("it is not a plain file"));
    }
    if facts.len() > LARGEST {
        return Err(Error::other("it is too large"));
    }
    let mut content = Zeroizing::new(Vec::with_capacity(facts.len() as usize));
    file.take(LARGEST).read_to_end(&mut content)?;
    Ok((content, facts))
}
