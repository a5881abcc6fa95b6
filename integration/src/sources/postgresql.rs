//! `postgresql`: a row for each flag.

use std::path::PathBuf;

use anyhow::Result;
use flagstaff_retrievers::ErrorKind;
use serde_json::{Value, json};

use crate::case::{Case, Role, Stage};
use crate::contract::Setup;
use crate::contract::edition::{FLAG, broken_flag, flags};
use crate::contract::retriever::{Refusal, Source};
use crate::meter::Meter;
use crate::server::Server;
use crate::servers::postgresql::{self, PASSWORD};
use crate::trust::Trust;

pub(super) const CASES: &[Case] = &[
    Case {
        role: Role::Retriever,
        kind: "postgresql",
        variant: "",
        needs: &[&postgresql::PACKAGE],
        run: |stage| prove(stage, false),
    },
    Case {
        role: Role::Retriever,
        kind: "postgresql",
        variant: "TLS",
        needs: &[&postgresql::PACKAGE],
        run: |stage| prove(stage, true),
    },
];

/// GO Feature Flag's table, and what tells of changes to it.
const TABLE: &str = "
CREATE TABLE go_feature_flag (flag_name varchar(255) NOT NULL, flagset varchar(255) NOT NULL, config jsonb NOT NULL,
  UNIQUE (flag_name, flagset));
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NOTIFY flags_changed; RETURN NULL; END $$;
CREATE TRIGGER flags_changed AFTER INSERT OR UPDATE OR DELETE ON go_feature_flag FOR EACH STATEMENT EXECUTE FUNCTION tell();
";

fn prove(stage: &Stage, over_tls: bool) -> Result<()> {
    let trust = Trust::new(stage.folder())?;
    let postgresql = postgresql::Postgresql::start(stage.cache(), stage.folder(), &trust)?;
    let meter = Meter::before(postgresql.port)?;
    postgresql.ask(TABLE)?;
    stage.prove_retriever(&mut Postgresql {
        postgresql,
        meter,
        authority: over_tls.then_some(trust.authority),
    })
}

struct Postgresql {
    postgresql: postgresql::Postgresql,
    meter: Meter,
    authority: Option<PathBuf>,
}

impl Postgresql {
    fn setup(&self, password: &str, encryption: &str) -> Setup {
        let port = self.meter.port();
        let uri = format!("postgresql://postgres:{password}@127.0.0.1:{port}/postgres?{encryption}");
        json!({"kind": "postgresql", "uri": uri, "table": "go_feature_flag", "channel": "flags_changed"}).into()
    }

    fn encryption(&self) -> String {
        match &self.authority {
            Some(authority) => format!("sslmode=verify-full&sslrootcert={}", authority.display()),
            None => "sslmode=disable".to_owned(),
        }
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
        self.setup(PASSWORD, &self.encryption())
    }

    fn put(&mut self, edition: &str) -> Result<()> {
        flags(edition).iter().try_for_each(|(key, flag)| self.set(key, flag))
    }

    fn corrupt(&mut self) -> Result<()> {
        self.set(FLAG, &broken_flag())
    }

    fn refusals(&self) -> Vec<Refusal> {
        let mut refusals = vec![Refusal {
            what: "wrong password",
            setup: self.setup("wrong-secret-81", &self.encryption()),
            kind: ErrorKind::Denied,
        }];
        if self.authority.is_some() {
            refusals.push(Refusal {
                what: "unknown authority",
                setup: self.setup(PASSWORD, "sslmode=verify-full"),
                kind: ErrorKind::Unreachable,
            });
        }
        refusals
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
}
