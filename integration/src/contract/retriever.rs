//! What holds for every retriever, seen through a flag set that lives on it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use flagstaff_definition::format::Format;
use flagstaff_flagset::{FlagSet, Options, Source as FlagSource};
use flagstaff_retrievers::{ErrorKind, Fetched, Retriever, Surroundings, kinds};
use tokio::time::{sleep, timeout};

use super::Setup;
use super::edition::served;
use crate::journal::Journal;
use crate::meter::Meter;
use crate::proof::Proof;
use crate::server::Server;

/// How long a change, or the return of a server, may take to be seen.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server may say this many bytes when there is nothing new: handshakes, headers, lists of names.
const NO_BODY: u64 = 16 << 10;

/// Flags in a real server.
pub(crate) trait Source {
    /// How to read it.
    fn setup(&self) -> Setup;

    /// Makes the flags there an edition of [`super::edition::flags`].
    fn put(&mut self, edition: &str) -> Result<()>;

    /// Makes what is there useless.
    fn corrupt(&mut self) -> Result<()>;

    /// Whether that is seen from outside.
    fn tells_of_corruption(&self) -> bool {
        true
    }

    /// What the server must refuse.
    fn refusals(&self) -> Vec<Refusal>;

    /// What must never be shown.
    fn secrets(&self) -> Vec<String>;

    /// The server that holds it; `None` where there is none.
    fn server(&mut self) -> Option<&mut Server>;

    /// What counts the bytes that come from there; `None` where nothing is sent.
    fn meter(&self) -> Option<&Meter>;

    /// Takes the server away.
    fn kill(&mut self) -> Result<()> {
        self.server().context("there is a server")?.kill()
    }

    /// Brings it back; what it held may be lost.
    fn revive(&mut self) -> Result<()> {
        self.server().context("there is a server")?.revive()
    }

    /// Whether its protocol can say that nothing is new without sending everything again.
    fn is_conditional(&self) -> bool {
        true
    }
}

/// A setup that the server must refuse.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// What is wrong with it.
    pub(crate) what: &'static str,
    /// The setup.
    pub(crate) setup: Setup,
    /// How a retriever calls it.
    pub(crate) kind: ErrorKind,
}

/// Proves one promise after the other.
pub(crate) async fn prove(source: &mut dyn Source, journal: &Journal, proof: &mut Proof) -> Result<()> {
    source.put("first")?;
    unchanged(source, proof).await.context("unchanged")?;
    let retriever = build(source.setup())?;
    // asked once more beside the flag set, which keeps its own
    let tells = retriever.changes().is_some();
    let set = FlagSet::start(options(&retriever)).await.context("fetch")?;
    expect(&set, "first").context("fetch")?;
    proof.add("fetch");

    change(source, &set).await.context("change")?;
    proof.add("change");
    if tells {
        notice(source, &set, "noticed, no matter when")
            .await
            .context("notice")?;
        proof.add("notice");
    }
    broken(source, &set).await.context("broken document")?;
    proof.add("broken");
    let back = down_and_back(source, &set).await.context("killed and back")?;
    proof.add(format!("killed and back ({:.1} s)", back.as_secs_f64()));
    if tells {
        notice(source, &set, "noticed again")
            .await
            .context("notice after the return")?;
        proof.add("notice again");
    }
    set.stop().await;

    for refusal in source.refusals() {
        let what = refusal.what;
        refused(refusal, source).await.context(what)?;
        proof.add(what);
    }
    conceals(source, &journal.text()).context("log")?;
    Ok(())
}

async fn unchanged(source: &dyn Source, proof: &mut Proof) -> Result<()> {
    let retriever = build(source.setup())?;
    let before = sent(source);
    let first = timeout(PATIENCE, retriever.retrieve(None)).await??;
    let whole = sent(source).zip(before).map(|(after, before)| after - before);
    let before = sent(source);
    let second = timeout(PATIENCE, retriever.retrieve(Some(first.revision()))).await??;
    ensure!(
        matches!(second, Fetched::Unchanged(_)),
        "the same content came again as new"
    );
    let sent = sent(source).zip(before).map(|(after, before)| after - before);
    let Some((sent, whole)) = sent.zip(whole) else {
        proof.add("unchanged");
        return Ok(());
    };
    ensure!(whole > NO_BODY, "only {whole} bytes were counted for the flags");
    if !source.is_conditional() {
        proof.add("unchanged");
        return Ok(());
    }
    ensure!(
        sent < NO_BODY,
        "nothing was new, and {sent} bytes came; everything takes {whole}"
    );
    proof.add(format!("unchanged ({sent} of {whole} bytes)"));
    Ok(())
}

async fn change(source: &mut dyn Source, set: &FlagSet) -> Result<()> {
    source.put("second edition")?;
    ensure!(set.refresh().await.refreshed, "no fresh flags: {}", failure(set));
    expect(set, "second edition")?;
    let revision = set.refresh().await.revision;
    ensure!(set.refresh().await.revision == revision, "the same flags were a change");
    Ok(())
}

/// Nobody asks for it, and nobody polls.
async fn notice(source: &mut dyn Source, set: &FlagSet, edition: &str) -> Result<()> {
    let mut changes = set.changes();
    source.put(edition)?;
    let seen = async {
        while served(set)?.0 != edition {
            changes.changed().await?;
        }
        anyhow::Ok(())
    };
    match timeout(PATIENCE, seen).await {
        Ok(seen) => seen,
        Err(_) => bail!("not seen within {} s", PATIENCE.as_secs()),
    }
}

async fn broken(source: &mut dyn Source, set: &FlagSet) -> Result<()> {
    source.put("the last good one")?;
    set.refresh().await;
    expect(set, "the last good one")?;
    source.corrupt()?;
    set.refresh().await;
    expect(set, "the last good one")?;
    let status = set.status();
    let refused = status.refused().any(|found| !found.diagnostics.is_empty());
    ensure!(
        refused || !failure(set).is_empty() || !source.tells_of_corruption(),
        "nothing is said about it: {status:?}"
    );
    source.put("mended")?;
    ensure!(set.refresh().await.refreshed, "still broken: {}", failure(set));
    expect(set, "mended")
}

async fn down_and_back(source: &mut dyn Source, set: &FlagSet) -> Result<Duration> {
    let before = served(set)?.0;
    source.kill()?;
    let down = timeout(PATIENCE, set.refresh())
        .await
        .context("a fetch waits for ever")?;
    ensure!(!down.refreshed, "a server that is gone gave flags");
    expect(set, &before)?;
    ensure!(!failure(set).is_empty(), "nothing is said about it");
    conceals(source, &failure(set))?;
    source.revive()?;
    source.put("after the return")?;
    let began = Instant::now();
    while !set.refresh().await.refreshed {
        ensure!(began.elapsed() < PATIENCE, "it is back, and not seen: {}", failure(set));
        sleep(Duration::from_millis(50)).await;
    }
    expect(set, "after the return")?;
    Ok(began.elapsed())
}

async fn refused(refusal: Refusal, source: &dyn Source) -> Result<()> {
    let retriever = build(refusal.setup)?;
    let text = match timeout(PATIENCE, retriever.retrieve(None)).await? {
        Ok(_) => bail!("flags were given all the same"),
        Err(error) => {
            let kind = error.kind();
            ensure!(
                kind == refusal.kind,
                "is {kind:?} and should be {:?}: {error}",
                refusal.kind
            );
            format!("{error} {error:?} {retriever:?} {}", retriever.place())
        }
    };
    conceals(source, &text)?;
    match FlagSet::start(options(&retriever)).await {
        Ok(_) => bail!("a flag set starts without flags"),
        Err(error) => conceals(source, &error.to_string()),
    }
}

fn build(setup: Setup) -> Result<Arc<dyn Retriever>> {
    let options = setup.options.as_object().context("options are an object")?;
    Ok(kinds::build(options, &Surroundings::new(setup.variables))?)
}

fn options(retriever: &Arc<dyn Retriever>) -> Options {
    Options::new("contract", vec![FlagSource::new(Arc::clone(retriever), Format::Yaml)])
}

/// Both flags are there, in this edition.
fn expect(set: &FlagSet, edition: &str) -> Result<()> {
    let (found, flags) = served(set)?;
    ensure!(
        found == edition && flags == 2,
        "serves {flags} flags, edition {found:?}, and not 2 of edition {edition:?} {}",
        failure(set)
    );
    Ok(())
}

/// What is wrong with the source.
fn failure(set: &FlagSet) -> String {
    let status = set.status();
    let failures = status.sources.iter().filter_map(|source| source.failure.as_deref());
    failures.collect::<Vec<_>>().join(", ")
}

fn sent(source: &dyn Source) -> Option<u64> {
    source.meter().map(Meter::sent)
}

fn conceals(source: &dyn Source, text: &str) -> Result<()> {
    for secret in source.secrets() {
        if let Some(line) = text.lines().find(|line| line.contains(&secret)) {
            bail!("a secret is shown: {line}");
        }
    }
    Ok(())
}
