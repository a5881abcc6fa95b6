//! `mongodb`: a document for each flag.

use anyhow::Result;
use flagstaff_retrievers::ErrorKind;
use serde_json::{Map, Value, json};

use crate::case::{Case, Role};
use crate::clients::pymongo;
use crate::contract::Setup;
use crate::contract::edition::{FLAG, broken_flag, flags};
use crate::contract::retriever::{Refusal, Source};
use crate::meter::Meter;
use crate::package::Installed;
use crate::server::Server;
use crate::servers::ferretdb::{self, Ferretdb};

pub(super) const CASES: &[Case] = &[Case {
    role: Role::Retriever,
    kind: "mongodb",
    variant: "",
    needs: &[&ferretdb::PACKAGE, &pymongo::PACKAGE],
    run: |stage| {
        let ferretdb = Ferretdb::start(stage.cache(), stage.folder())?;
        let client = stage.cache().need(&pymongo::PACKAGE)?;
        let meter = Meter::before(ferretdb.port)?;
        stage.prove_retriever(&mut Mongodb {
            ferretdb,
            client,
            meter,
        })
    },
}];

const DATABASE: &str = "team";

const COLLECTION: &str = "flags";

struct Mongodb {
    ferretdb: Ferretdb,
    client: Installed,
    meter: Meter,
}

impl Mongodb {
    fn setup(&self, credentials: &str) -> Setup {
        let port = self.meter.port();
        let uri = format!("mongodb://{credentials}127.0.0.1:{port}/?serverSelectionTimeoutMS=2000");
        json!({"kind": "mongodb", "uri": uri, "database": DATABASE, "collection": COLLECTION}).into()
    }

    fn set(&self, flags: Map<String, Value>) -> Result<()> {
        let uri = format!("mongodb://127.0.0.1:{}/", self.ferretdb.port);
        pymongo::put(&self.client, &uri, (DATABASE, COLLECTION), flags)
    }
}

impl Source for Mongodb {
    fn setup(&self) -> Setup {
        self.setup("")
    }

    fn put(&mut self, edition: &str) -> Result<()> {
        self.set(flags(edition))
    }

    fn corrupt(&mut self) -> Result<()> {
        self.set(Map::from_iter([(FLAG.to_owned(), broken_flag())]))
    }

    fn refusals(&self) -> Vec<Refusal> {
        vec![Refusal {
            what: "credentials that it does not know",
            setup: self.setup("relay:wrong-secret-81@"),
            kind: ErrorKind::Denied,
        }]
    }

    fn secrets(&self) -> Vec<String> {
        vec!["wrong-secret-81".to_owned()]
    }

    fn server(&mut self) -> Option<&mut Server> {
        Some(&mut self.ferretdb.server)
    }

    fn meter(&self) -> Option<&Meter> {
        Some(&self.meter)
    }

    fn is_conditional(&self) -> bool {
        false
    }
}
