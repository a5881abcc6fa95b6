//! Following the keys of a provider.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use flagstaff_retrievers::{Fetched, Retriever, Revision, Surroundings, kinds};
use governor::{Quota, RateLimiter};
use serde::Deserialize;
use tokio::sync::mpsc;

use super::Wish;
use super::key_set::KeySet;
use crate::config::TokenSettings;

/// The shortest and the longest time until a provider that does not answer is asked again.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// How often requests may have the provider asked, and how many times in a row.
const WISHES: (Duration, NonZeroU32) = (Duration::from_secs(30), NonZeroU32::new(3).expect("3 is not 0"));

/// Fetches the keys again and again.
pub(super) struct Provider {
    settings: TokenSettings,
    keys: Arc<ArcSwapOption<KeySet>>,
    /// Where the keys are, once that is known.
    source: Option<Source>,
}

/// Where the keys are, and the state of them that is known.
struct Source {
    retriever: Arc<dyn Retriever>,
    revision: Option<Revision>,
}

/// The part of an OpenID provider's description that says where its keys are.
#[derive(Deserialize)]
struct Description {
    issuer: String,
    jwks_uri: String,
}

impl Provider {
    /// A provider whose keys are put there.
    pub(super) fn new(settings: TokenSettings, keys: Arc<ArcSwapOption<KeySet>>) -> Self {
        Self {
            settings,
            keys,
            source: None,
        }
    }

    /// Fetches the keys now, when they are due, and when somebody wishes for them; until nobody can wish any more.
    pub(super) async fn run(mut self, mut wishes: mpsc::Receiver<Wish>) {
        let quota = Quota::with_period(WISHES.0)
            .expect("the period is not 0")
            .allow_burst(WISHES.1);
        let limiter = RateLimiter::direct(quota);
        let mut retry = RETRY.0;
        // those whose wish is being granted
        let mut waiting = Vec::new();
        loop {
            let pause = match self.fetch().await {
                Ok(()) => {
                    retry = RETRY.0;
                    self.settings.refresh_interval
                }
                Err(error) => {
                    tracing::warn!(
                        issuer = &*self.settings.issuer,
                        error,
                        "the keys of the token issuer cannot be fetched: those that are known stay"
                    );
                    let pause = retry;
                    retry = (retry * 2).min(RETRY.1);
                    pause
                }
            };
            waiting.clear();
            let due = tokio::time::sleep(pause);
            tokio::pin!(due);
            while waiting.is_empty() {
                tokio::select! {
                    () = &mut due => break,
                    wish = wishes.recv() => {
                        let Some(wish) = wish else { return };
                        waiting.push(wish);
                        while let Ok(wish) = wishes.try_recv() {
                            waiting.push(wish);
                        }
                        if limiter.check().is_err() {
                            waiting.clear();
                        }
                    }
                }
            }
        }
    }

    /// Fetches the keys once.
    async fn fetch(&mut self) -> Result<(), String> {
        let mut source = match self.source.take() {
            Some(source) => source,
            None => self.locate().await?,
        };
        // a source that fails is located anew the next time
        let fetched = source.retriever.retrieve(source.revision.as_ref()).await;
        let fetched = fetched.map_err(|error| error.to_string())?;
        let revision = fetched.revision().clone();
        if let Fetched::Content(content) = fetched {
            let place = source.retriever.place();
            let keys = KeySet::read(content.bytes(), &self.settings).map_err(|error| format!("{place} {error}"))?;
            tracing::info!(
                issuer = &*self.settings.issuer,
                keys = keys.len(),
                "tokens are checked with the keys of their issuer"
            );
            self.keys.store(Some(Arc::new(keys)));
        }
        source.revision = Some(revision);
        self.source = Some(source);
        Ok(())
    }

    /// Finds out where the keys are.
    async fn locate(&self) -> Result<Source, String> {
        let url = match &self.settings.jwks_url {
            Some(url) => url.to_string(),
            None => self.discover().await?,
        };
        Ok(Source {
            retriever: self.retriever(&url)?,
            revision: None,
        })
    }

    /// Asks the provider where its keys are (OpenID Connect Discovery 1.0, section 4).
    async fn discover(&self) -> Result<String, String> {
        let retriever = self.retriever(&self.settings.discovery_url())?;
        let place = retriever.place();
        let fetched = retriever.retrieve(None).await.map_err(|error| error.to_string())?;
        let Fetched::Content(content) = fetched else {
            return Err(format!("{place} gives nothing"));
        };
        let description: Description = serde_json::from_slice(content.bytes())
            .map_err(|error| format!("{place} describes no provider: {error}"))?;
        if description.issuer != *self.settings.issuer {
            return Err(format!("{place} describes another issuer, {}", description.issuer));
        }
        if self.settings.issuer.starts_with("https:") && !description.jwks_uri.starts_with("https:") {
            return Err(format!("{place} names keys that are not fetched over https"));
        }
        Ok(description.jwks_uri)
    }

    fn retriever(&self, url: &str) -> Result<Arc<dyn Retriever>, String> {
        kinds::build(&self.settings.source(url), &Surroundings::default()).map_err(|error| error.to_string())
    }
}
