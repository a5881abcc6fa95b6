use std::fs::File;
use std::io;
use std::ops::Bound;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use redb::backends::FileBackend;
use redb::{BackendError, StorageBackend};

use super::*;

/// A file on a disk that may be full.
#[derive(Debug)]
struct Disk {
    file: FileBackend,
    is_full: Arc<AtomicBool>,
}

impl Disk {
    fn room(&self) -> io::Result<()> {
        if self.is_full.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.room()?;
        self.file.set_len(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.room()?;
        self.file.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }
}

fn store(path: &Path, is_full: &Arc<AtomicBool>) -> Store {
    let (path, is_full) = (path.to_owned(), Arc::clone(is_full));
    let open = move || {
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)?;
        let file = FileBackend::new(file)?;
        let is_full = Arc::clone(&is_full);
        Ok(Database::builder().create_with_backend(Disk { file, is_full })?)
    };
    Store::open(Box::new(open)).expect("there is room at first")
}

fn events(numbers: std::ops::Range<u64>) -> Vec<(u64, Event)> {
    numbers.map(|number| (number, Event::new(number.to_string()))).collect()
}

fn texts(store: &Store) -> Result<Vec<String>, Error> {
    let (_, found) = store.read(0, 1000, usize::MAX)?;
    Ok(found
        .iter()
        .map(|event| String::from_utf8_lossy(event.text()).into_owned())
        .collect())
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_was_full_is_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let is_full = Arc::new(AtomicBool::new(false));
    let store = store(&folder.path().join("spool"), &is_full);
    store.append(&events(0..10), 1).unwrap();
    store.note(vec![("one".into(), 3)]).unwrap();
    is_full.store(true, Ordering::Relaxed);
    for _ in 0..3 {
        assert!(store.append(&events(10..20), 1).is_err());
        tokio::time::advance(PAUSE * 2).await;
    }
    assert_eq!(store.end(), 10);
    is_full.store(false, Ordering::Relaxed);
    tokio::time::advance(PAUSE * 2).await;
    store.append(&events(10..20), 1).unwrap();
    let numbers = |numbers: std::ops::Range<u64>| numbers.map(|number| number.to_string()).collect::<Vec<_>>();
    assert_eq!(texts(&store).unwrap(), numbers(0..20));
    assert_eq!((store.end(), store.cursor("one")), (20, Some(3)));
    assert_eq!(store.bytes(), 30, "ten numbers of one digit and ten of two");
    store.trim(0, u64::MAX).unwrap();
    assert_eq!((texts(&store).unwrap(), store.bytes()), (numbers(3..20), 27));
}

#[tokio::test(start_paused = true)]
async fn a_file_that_cannot_be_used_is_left_alone_for_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let is_full = Arc::new(AtomicBool::new(false));
    let store = store(&folder.path().join("spool"), &is_full);
    is_full.store(true, Ordering::Relaxed);
    assert!(store.append(&events(0..1), 1).is_err());
    assert!(store.append(&events(0..1), 1).is_err(), "it is tried at once");
    is_full.store(false, Ordering::Relaxed);
    assert!(store.append(&events(0..1), 1).is_err(), "and then after a pause");
    tokio::time::advance(PAUSE * 2).await;
    store.append(&events(0..1), 1).unwrap();
}
