//! `postgresql`: a row for each flag.

use anyhow::Result;
use flagstaff_retrievers::ErrorKind;
use serde_json::{Value, json};

use crate::case::Case;
use crate::contract::edition::{FLAG, broken_flag, flags};
use crate::contract::retriever::{Refusal, Setup, Source};
use crate::meter::Meter;
use crate::server::Server;
use crate::servers::postgresql::{self, PASSWORD};

pub(super) const CASES: &[Case] = &[Case {
    kind: "postgresql",
    variant: "",
    needs: &[&postgresql::PACKAGE],
    run: |stage| {
        let postgresql = postgresql::Postgresql::start(stage.cache(), stage.folder())?;
        let meter = Meter::before(postgresql.port)?;
        postgresql.ask(
            "CREATE TABLE go_feature_flag (flag_name varchar(255) NOT NULL, flagset varchar(255) NOT NULL, \
             config jsonb NOT NULL, UNIQUE (flag_name, flagset));",
        )?;
        stage.prove_retriever(&mut Postgresql { postgresql, meter })
    },
}];

struct Postgresql {
    postgresql: postgresql::Postgresql,
    meter: Meter,
}

impl Postgresql {
    fn options(&self, password: &str) -> Value {
        let port = self.meter.port();
        let uri = format!("postgresql://postgres:{password}@127.0.0.1:{port}/postgres?sslmode=disable");
        json!({"kind": "postgresql", "uri": uri, "table": "go_feature_flag"})
    }

    fn set(&self, key: &str, flag: &Value) -> Result<()> {
        let statement = format!(
            "INSERT INTO go_feature_flag VALUES ('{key}', 'default', '{flag}') \
             ON CONFLICT (flag_name, flagset) DO UPDATE SET config = EXCLUDED.config;"
        );
        self.postgresql.ask(&statement).map(drop)
    }
}

impl Source for Postgresql {
    fn setup(&self) -> Setup {
        self.options(PASSWORD).into()
    }

    fn put(&mut self, edition: &str) -> Result<()> {
        flags(edition).iter().try_for_each(|(key, flag)| self.set(key, flag))
    }

    fn corrupt(&mut self) -> Result<()> {
        self.set(FLAG, &broken_flag())
    }

    fn refusals(&self) -> Vec<Refusal> {
        vec![Refusal {
            what: "wrong password",
            setup: self.options("wrong-secret-81").into(),
            kind: ErrorKind::Denied,
        }]
    }

    fn secrets(&self) -> Vec<String> {
        vec![PASSWORD.to_owned(), "wrong-secret-81".to_owned()]
    }

    fn server(&mut self) -> Option<&mut Server> {
        Some(&mut self.postgresql.server)
    }

    fn meter(&self) -> Option<&Meter> {
        Some(&self.meter)
    }

    fn is_conditional(&self) -> bool {
        false
    }
}
