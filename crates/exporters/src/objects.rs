//! What exporters to object stores share: each batch becomes an object, or one for each of its partitions.
//!
//! An object is never replaced: it is put on condition that there is none of its name, and gets another name otherwise.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use flagstaff_backend::{Settings, SettingsError, Surroundings};
use flagstaff_events::{Contact, Contacting, ErrorKind, Event, Export, ExportError, Exporter, Receipt};
use flagstaff_object_stores::object_store::path::Path;
use flagstaff_object_stores::object_store::{
    Attribute, Attributes, Error, ObjectStoreExt as _, PutMode, PutOptions, PutPayload,
};
use flagstaff_object_stores::{Failure, FailureKind, ObjectStore, OpenError, Variables};
use tokio::sync::OnceCell;

use crate::blocking;
use crate::files::{Content, FileOptions, unique_name};
use crate::kinds::{Clock, Context};
use crate::may_not_look;

/// So many names are tried.
const ATTEMPTS: u32 = 10;

/// An object that no exporter makes.
const NO_OBJECT: &str = "flagstaff-check";

/// What stores say when they know who asks, and do not let them.
const MAY_NOT: &[&str] = &[
    "AccessDenied",
    "AuthorizationFailure",
    "AuthorizationPermissionMismatch",
    "InsufficientAccountPermissions",
];

/// A place where objects are.
pub trait Bucket: fmt::Debug + Send + Sync {
    /// Opens it; it is not asked for anything yet.
    fn open(&self, variables: Variables<'_>) -> impl Future<Output = Result<Arc<dyn ObjectStore>, OpenError>> + Send;

    /// What it is called, for people.
    fn place(&self) -> String;
}

/// Puts batches into a bucket.
pub struct ObjectExporter<B> {
    bucket: B,
    objects: Arc<ObjectOptions>,
    surroundings: Surroundings,
    clock: Clock,
    store: OnceCell<Arc<dyn ObjectStore>>,
    /// The name that the objects of the last batch have.
    last_name: Mutex<String>,
}

/// What people write about objects.
#[derive(Debug)]
pub struct ObjectOptions {
    /// `path`: what their names begin with, without slashes around it.
    path: String,
    /// `format`, `filename`, `csvTemplate`, `parquetCompressionCodec`, `partition`
    files: FileOptions,
}

impl ObjectOptions {
    /// Reads the options of a configuration.
    pub fn read(settings: Settings<'_>, context: &Context<'_>) -> Result<Self, SettingsError> {
        let path = settings.text("path")?;
        let path: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        if path.iter().any(|part| matches!(*part, "." | "..")) {
            return Err(settings.invalid("path", "must not hold `.` or `..`"));
        }
        Ok(Self {
            path: path.join("/"),
            files: FileOptions::read(settings, context)?,
        })
    }
}

impl<B: Bucket> ObjectExporter<B> {
    /// An exporter into one bucket, which is opened with the first batch.
    pub fn new(bucket: B, objects: ObjectOptions, context: &Context<'_>) -> Self {
        Self {
            bucket,
            objects: Arc::new(objects),
            surroundings: context.surroundings.clone(),
            clock: Arc::clone(&context.clock),
            store: OnceCell::new(),
            last_name: Mutex::default(),
        }
    }

    async fn store(&self) -> Result<&dyn ObjectStore, ExportError> {
        let variables = |name: &str| self.surroundings.variable(name).map(str::to_owned);
        let open = || self.bucket.open(&variables);
        let store = self.store.get_or_try_init(open).await.map_err(|error| {
            ExportError::new(ErrorKind::Settings, "the bucket cannot be opened")
                .context("bucket", self.bucket.place())
                .caused_by(error)
        })?;
        Ok(&**store)
    }

    async fn write(&self, batch: &[Event]) -> Result<Receipt, ExportError> {
        let store = self.store().await?;
        let (objects, clock) = (Arc::clone(&self.objects), Arc::clone(&self.clock));
        let mut prepared = blocking::run(batch, move |batch| objects.files.prepare(batch, &clock)).await??;
        let is_taken = prepared
            .contents
            .first()
            .is_some_and(|content| self.is_taken(&content.name));
        let (mut failed, mut first) = (Vec::new(), None);
        for (at, content) in prepared.contents.iter_mut().enumerate() {
            if let Err(error) = self.put(store, content, is_taken).await {
                failed.push(at);
                first.get_or_insert(error);
            }
        }
        match first {
            Some(error) if failed.len() == prepared.contents.len() => Err(error),
            _ => Ok(prepared.receipt(&failed)),
        }
    }

    /// Whether the objects of the last batch have this name. A store that knows no conditions would replace them.
    fn is_taken(&self, name: &str) -> bool {
        let mut last = self.last_name.lock().unwrap_or_else(PoisonError::into_inner);
        if *last == name {
            return true;
        }
        name.clone_into(&mut last);
        false
    }

    async fn put(&self, store: &dyn ObjectStore, content: &mut Content, is_taken: bool) -> Result<(), ExportError> {
        let payload = PutPayload::from(std::mem::take(&mut content.bytes));
        let mut mode = PutMode::Create;
        let mut name = content.name.clone();
        if is_taken {
            name = unique_name(&content.name, &self.clock, 0);
        }
        for attempt in 1..=ATTEMPTS {
            let key = self.key(content, &name)?;
            let options = PutOptions {
                mode: mode.clone(),
                attributes: Attributes::from_iter([(Attribute::ContentType, self.objects.files.format.media_type())]),
                ..PutOptions::default()
            };
            let Err(error) = store.put_opts(&key, payload.clone(), options).await else {
                return Ok(());
            };
            let failure = Failure::new(&error);
            if mode == PutMode::Create && knows_no_conditions(&error, &failure) {
                mode = PutMode::Overwrite;
            } else if failure.kind() != FailureKind::Conflict {
                return Err(self.failed("the object cannot be put", failure));
            }
            name = unique_name(&content.name, &self.clock, attempt);
        }
        Err(
            ExportError::new(ErrorKind::Unreachable, "every name of an object is taken")
                .context("bucket", self.bucket.place())
                .context("name", &content.name),
        )
    }

    /// The name of an object: path, partition and file name with slashes between them.
    fn key(&self, content: &Content, name: &str) -> Result<Path, ExportError> {
        let parts = [&*self.objects.path, &*content.folder, name];
        let parts = parts
            .iter()
            .flat_map(|part| part.split('/'))
            .filter(|part| !part.is_empty());
        let key = parts.collect::<Vec<_>>().join("/");
        Path::parse(&key).map_err(|error| {
            ExportError::new(ErrorKind::Settings, "filename makes no name of an object").caused_by(error)
        })
    }

    /// Asks for an object that there is not: the answer tells whether there is the bucket, and whom it lets in.
    async fn look(&self) -> Result<Contact, ExportError> {
        let store = self.store().await?;
        let key = Path::from_iter(self.objects.path.split('/').chain([NO_OBJECT]));
        let Err(error) = store.get(&key).await else {
            return Ok(Contact::Answers("answers".to_owned()));
        };
        let failure = Failure::new(&error);
        match (failure.kind(), failure.code()) {
            (FailureKind::NotFound, Some("NoSuchBucket" | "ContainerNotFound")) => {}
            (FailureKind::NotFound, _) => return Ok(Contact::Answers("answers".to_owned())),
            (FailureKind::Denied, Some(code)) if MAY_NOT.contains(&code) => return Ok(may_not_look(code)),
            _ => {}
        }
        Err(self.failed("the bucket does not answer as it should", failure))
    }

    fn failed(&self, message: &str, failure: Failure) -> ExportError {
        let kind = match failure.kind() {
            _ if is_too_large(&failure) => ErrorKind::TooLarge,
            FailureKind::NotFound => ErrorKind::NotFound,
            FailureKind::Denied => ErrorKind::Denied,
            FailureKind::TimedOut => ErrorKind::TimedOut,
            FailureKind::Unreachable => ErrorKind::Unreachable,
            // it is never about what an object holds
            FailureKind::Conflict | FailureKind::NotModified | FailureKind::Refused => ErrorKind::Settings,
        };
        ExportError::new(kind, message)
            .context("bucket", self.bucket.place())
            .caused_by(failure)
    }
}

impl<B: Bucket> Exporter for ObjectExporter<B> {
    fn export<'a>(&'a self, batch: &'a [Event]) -> Export<'a> {
        Box::pin(self.write(batch))
    }

    fn contact(&self) -> Contacting<'_> {
        Box::pin(self.look())
    }

    fn target(&self) -> String {
        match &*self.objects.path {
            "" => self.bucket.place(),
            path => format!("{}/{path}", self.bucket.place()),
        }
    }
}

impl<B: Bucket> fmt::Debug for ObjectExporter<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectExporter")
            .field("bucket", &self.bucket)
            .field("objects", &self.objects)
            .finish_non_exhaustive()
    }
}

fn is_too_large(failure: &Failure) -> bool {
    failure.status() == Some(413) || failure.code() == Some("EntityTooLarge")
}

/// Whether a store can put objects, but not on condition.
fn knows_no_conditions(error: &Error, failure: &Failure) -> bool {
    matches!(error, Error::NotImplemented { .. } | Error::NotSupported { .. }) || failure.status() == Some(501)
}

#[cfg(all(test, feature = "s3"))]
mod tests;
