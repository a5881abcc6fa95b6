//! `relay`: a relay that follows another one, of Flagstaff's own.

use anyhow::Result;
use flagstaff_retrievers::ErrorKind;
use serde_json::json;

use crate::case::{Case, Role};
use crate::contract::Setup;
use crate::contract::edition::{BROKEN_DOCUMENT, document};
use crate::contract::retriever::{Refusal, Source};
use crate::meter::Meter;
use crate::server::Server;
use crate::servers::relay::{CentralRelay, KEY};

pub(super) const CASES: &[Case] = &[Case {
    role: Role::Retriever,
    kind: "relay",
    variant: "",
    needs: &[],
    run: |stage| {
        let relay = CentralRelay::start(stage.program()?, stage.folder(), &document("none yet"))?;
        let meter = Meter::before(relay.port)?;
        stage.prove_retriever(&mut Relay { relay, meter })
    },
}];

struct Relay {
    relay: CentralRelay,
    meter: Meter,
}

impl Relay {
    fn setup(&self, key: &str) -> Setup {
        let url = format!("http://127.0.0.1:{}", self.meter.port());
        json!({"kind": "relay", "url": url, "apiKey": key}).into()
    }
}

impl Source for Relay {
    fn setup(&self) -> Setup {
        self.setup(KEY)
    }

    fn put(&mut self, edition: &str) -> Result<()> {
        self.relay.write(&document(edition))?;
        self.relay.expect(edition)
    }

    fn corrupt(&mut self) -> Result<()> {
        self.relay.write(BROKEN_DOCUMENT)
    }

    /// The relay that is followed keeps its last good flags.
    fn tells_of_corruption(&self) -> bool {
        false
    }

    fn refusals(&self) -> Vec<Refusal> {
        vec![Refusal {
            what: "wrong key",
            setup: self.setup("wrong-secret-81"),
            kind: ErrorKind::Denied,
        }]
    }

    fn secrets(&self) -> Vec<String> {
        vec![KEY.to_owned(), "wrong-secret-81".to_owned()]
    }

    fn server(&mut self) -> Option<&mut Server> {
        Some(&mut self.relay.server)
    }

    fn meter(&self) -> Option<&Meter> {
        Some(&self.meter)
    }
}
