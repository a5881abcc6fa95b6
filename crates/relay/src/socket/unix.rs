//! A Unix socket and the file that it leaves in a folder.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

/// A Unix socket that is being listened on. Its file goes when it is dropped.
pub(crate) struct UnixSocket {
    listener: UnixListener,
    path: PathBuf,
    identity: FileIdentity,
}

/// Which file of the system it is, whatever its name.
#[derive(PartialEq, Eq)]
struct FileIdentity {
    device: u64,
    inode: u64,
}

impl UnixSocket {
    /// Listens on a path. A socket on which nobody answers was left behind by a process that was killed, and is replaced.
    pub(super) async fn bind(path: &Path) -> io::Result<Self> {
        match fs::symlink_metadata(path) {
            Ok(found) if found.file_type().is_socket() => {
                if is_answered(path).await {
                    return Err(refusal("somebody listens on it already"));
                }
                fs::remove_file(path)?;
            }
            Ok(_) => return Err(refusal("there is a file that is no socket")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let listener = UnixListener::bind(path)?;
        // the working folder may change while the relay runs
        let path = std::path::absolute(path)?;
        let identity = FileIdentity::of(&path)?;
        Ok(Self {
            listener,
            path,
            identity,
        })
    }

    pub(super) fn listener(&self) -> &UnixListener {
        &self.listener
    }
}

impl Drop for UnixSocket {
    fn drop(&mut self) {
        // somebody may have put another socket in its place
        if FileIdentity::of(&self.path).is_ok_and(|identity| identity == self.identity)
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %error, "the unix socket cannot be removed");
        }
    }
}

impl FileIdentity {
    fn of(path: &Path) -> io::Result<Self> {
        let metadata = fs::symlink_metadata(path)?;
        Ok(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }
}

/// Whether somebody listens. Only a refusal shows that nobody does: a listener may be too busy to answer, or not ours to ask.
async fn is_answered(path: &Path) -> bool {
    match UnixStream::connect(path).await {
        Ok(_) => true,
        Err(error) => error.kind() != io::ErrorKind::ConnectionRefused,
    }
}

fn refusal(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::AddrInUse, reason)
}
