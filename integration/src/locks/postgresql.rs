//! A lock of rows in PostgreSQL.

use serde_json::json;

use crate::case::{Case, Role};
use crate::contract::Setup;
use crate::contract::lock::Place;
use crate::server::Server;
use crate::servers::postgresql::{self, PASSWORD};
use crate::servers::{nginx, receiver::Receiver};
use crate::trust::Trust;

pub(super) const CASES: &[Case] = &[Case {
    role: Role::Lock,
    kind: "notifierLock",
    variant: "postgresql",
    needs: &[&postgresql::PACKAGE, &nginx::PACKAGE],
    run: |stage| {
        let trust = Trust::new(stage.folder())?;
        let mut postgresql = postgresql::Postgresql::start(stage.cache(), stage.folder(), &trust)?;
        let mut receiver = Receiver::start(stage.cache(), stage.folder())?;
        stage.prove_lock(&mut postgresql, &mut receiver)
    },
}];

fn options(postgresql: &postgresql::Postgresql, password: &str) -> Setup {
    let uri = format!(
        "postgresql://postgres:{password}@127.0.0.1:{}/postgres?sslmode=disable",
        postgresql.port
    );
    json!({"kind": "postgresql", "uri": uri, "table": "public.claims"}).into()
}

impl Place for postgresql::Postgresql {
    fn setup(&self) -> Setup {
        options(self, PASSWORD)
    }

    fn wrong_password(&self) -> Setup {
        options(self, "wrong-secret-81")
    }

    fn secrets(&self) -> Vec<String> {
        vec![PASSWORD.to_owned(), "wrong-secret-81".to_owned()]
    }

    fn server(&mut self) -> &mut Server {
        &mut self.server
    }
}
