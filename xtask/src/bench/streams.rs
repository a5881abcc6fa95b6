//! `cargo xtask bench streams`: many streams, all of them told of one change.
//!
//! One program on the same processors is the client of all streams, so its work counts in what is measured.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use flagstaff_testkit::http::{Connection, Request};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::case::{ADMIN_KEY, FLAG_FILE, FLAGS, KEY, flag_file};
use super::server::Server;
use super::start_relay;
use crate::build::executable;

/// When the last one must be told.
const TOLD: Duration = Duration::from_millis(400);

/// What a stream may weigh, and what it should, in bytes.
const WEIGHT: u64 = 24 << 10;
const WANTED_WEIGHT: u64 = 16 << 10;

/// Streams that are being opened at a time.
const OPENING: usize = 200;

/// How long everything may take before it is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// File descriptors for everything but streams.
const OTHER_DESCRIPTORS: u64 = 200;

/// How many streams, and of which relay.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The program of the relay; built in release when it is not given
    #[arg(long, value_name = "PATH")]
    program: Option<PathBuf>,
    /// How many streams are open
    #[arg(long, default_value_t = 9500, value_parser = clap::value_parser!(u32).range(1..))]
    count: u32,
    /// How often the flags are edited
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    edits: u32,
}

/// Measures and prints; `false` when a stream is told too late, or weighs too much.
pub(crate) fn run(arguments: &Arguments) -> Result<bool> {
    let count = arguments.count as usize;
    raise_descriptor_limit(u64::from(arguments.count) + OTHER_DESCRIPTORS)?;
    let program = match &arguments.program {
        Some(program) => fs::canonicalize(program).with_context(|| format!("no program at {}", program.display()))?,
        None => executable(&["--package", "flagstaff"])?,
    };
    let relay = start_relay(&program, "flagstaff", FLAGS, "")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("cannot set up the client")?.block_on(async {
        let began = Instant::now();
        let mut streams = Streams::open(relay.address(), count).await?;
        println!("{count} streams open after {} ms", began.elapsed().as_millis());
        let light = weigh(&relay, count)?;
        let mut in_time = true;
        for edit in 1..=arguments.edits {
            in_time &= streams.edit(&relay, edit).await? <= TOLD;
        }
        Ok(light && in_time)
    })
}

/// Open streams. They end when this is dropped.
struct Streams {
    count: usize,
    /// When a stream was told of an edit.
    told: mpsc::UnboundedReceiver<Result<Instant>>,
    _tasks: JoinSet<()>,
}

impl Streams {
    /// Opens streams and waits until each has its head.
    async fn open(address: SocketAddr, count: usize) -> Result<Self> {
        let (tell, told) = mpsc::unbounded_channel();
        let (opened, mut open) = mpsc::unbounded_channel();
        let opening = Arc::new(Semaphore::new(OPENING));
        let mut tasks = JoinSet::new();
        for _ in 0..count {
            let (tell, opened, opening) = (tell.clone(), opened.clone(), Arc::clone(&opening));
            tasks.spawn(async move {
                if let Err(error) = follow(address, &opening, &opened, &tell).await {
                    // whoever waits for it may have given up
                    let _ = tell.send(Err(error));
                }
            });
        }
        let mut streams = Self {
            count,
            told,
            _tasks: tasks,
        };
        for _ in 0..count {
            tokio::select! {
                opened = timeout(PATIENCE, open.recv()) => {
                    opened.context("the streams do not open")?;
                }
                Some(told) = streams.told.recv() => {
                    told?;
                }
            }
        }
        Ok(streams)
    }

    /// Edits the flags, waits until every stream was told, and prints when; the time of the last one.
    async fn edit(&mut self, relay: &Server, edit: u32) -> Result<Duration> {
        let text = format!(
            "{}{}: {{variations: {{a: true}}, defaultRule: {{variation: a}}}}\n",
            flag_file(FLAGS),
            added(edit)
        );
        relay.workspace().write(FLAG_FILE, &text)?;
        // a watched file is read once it is left alone, so the relay is told; it reads and compiles before the swap, so that these
        // times are longer than those since the swap
        let began = Instant::now();
        let address = relay.address();
        let refresh = tokio::task::spawn_blocking(move || Connection::open(address)?.send(&refresh()));
        let (mut first, mut last) = (None, Duration::ZERO);
        for _ in 0..self.count {
            let told = timeout(PATIENCE, self.told.recv());
            let told = told.await.context("some streams are not told")?;
            let told = told.context("the client has ended")??.duration_since(began);
            first.get_or_insert(told);
            last = last.max(told);
        }
        let status = refresh.await??.status;
        ensure!(status == 200, "the relay answers {status} to a refresh");
        println!(
            "told of edit {edit}: the first after {} ms, the last after {} ms (at most {} ms)",
            first.unwrap_or_default().as_millis(),
            last.as_millis(),
            TOLD.as_millis()
        );
        Ok(last)
    }
}

/// Makes the relay read its flags.
fn refresh() -> Request {
    let mut request = Request::post("/admin/v1/retriever/refresh", &json!({}));
    request.headers.push(("X-API-Key".into(), ADMIN_KEY.into()));
    request
}

/// The flag that an edit adds.
fn added(edit: u32) -> String {
    format!("edited-{edit}.")
}

/// Opens a stream and tells of each edit.
async fn follow(
    address: SocketAddr,
    opening: &Semaphore,
    opened: &mpsc::UnboundedSender<()>,
    tell: &mpsc::UnboundedSender<Result<Instant>>,
) -> Result<()> {
    let request = format!("GET /stream/v1/sse/flag/change?apiKey={KEY} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let mut received = Vec::with_capacity(512);
    let permit = opening.acquire().await?;
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    receive(&mut stream, &mut received, "\r\n\r\n").await?;
    ensure!(
        received.starts_with(b"HTTP/1.1 200"),
        "a stream is refused: {}",
        String::from_utf8_lossy(&received)
    );
    drop(permit);
    opened.send(())?;
    for edit in 1.. {
        receive(&mut stream, &mut received, &added(edit)).await?;
        tell.send(Ok(Instant::now()))?;
        received.clear();
    }
    Ok(())
}

/// Reads until a text has come.
async fn receive(stream: &mut TcpStream, received: &mut Vec<u8>, text: &str) -> Result<()> {
    while !received.windows(text.len()).any(|part| part == text.as_bytes()) {
        ensure!(stream.read_buf(received).await? > 0, "a stream has ended");
    }
    Ok(())
}

/// Prints what a stream weighs; whether that is little enough.
fn weigh(relay: &Server, count: usize) -> Result<bool> {
    let (rest, now) = (relay.memory_at_rest(), relay.memory());
    let (rest, now) = rest.zip(now).context("the memory of the relay is not known here")?;
    let each = now.saturating_sub(rest) / count as u64;
    println!(
        "{:.1} KiB a stream (at most {}, wanted {}): {:.1} MiB at rest, {:.1} MiB with all",
        each as f64 / 1024.0,
        WEIGHT >> 10,
        WANTED_WEIGHT >> 10,
        rest as f64 / 1_048_576.0,
        now as f64 / 1_048_576.0,
    );
    Ok(each <= WEIGHT)
}

/// Lets this process have so many file descriptors.
fn raise_descriptor_limit(needed: u64) -> Result<()> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    ensure!(
        maximum.is_none_or(|maximum| maximum >= needed),
        "{needed} file descriptors are needed: raise the limit (ulimit -Hn)"
    );
    let limit = Rlimit {
        current: Some(needed),
        maximum,
    };
    setrlimit(Resource::Nofile, limit).context("cannot raise the limit of file descriptors")
}
