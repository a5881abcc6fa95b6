//! `s3` on everything that speaks its protocol.

use anyhow::Result;
use flagstaff_retrievers::ErrorKind;
use serde_json::json;

use crate::case::{Case, Role, Stage};
use crate::clients::boto3::Boto3;
use crate::contract::Setup;
use crate::contract::edition::{BROKEN_DOCUMENT, document};
use crate::contract::retriever::{Refusal, Source};
use crate::meter::Meter;
use crate::server::Server;
use crate::servers::minio::{self, Minio};
use crate::servers::moto::{self, Moto};
use crate::servers::versitygw::{self, SECRET_KEY, Versitygw};

pub(super) const CASES: &[Case] = &[
    Case {
        role: Role::Retriever,
        kind: "s3",
        variant: "",
        needs: &[&versitygw::PACKAGE, &moto::PACKAGE],
        run: |stage| {
            let versitygw = Versitygw::start(stage.cache(), stage.folder())?;
            prove(stage, versitygw.server, versitygw.port, true)
        },
    },
    Case {
        role: Role::Retriever,
        kind: "s3",
        variant: "",
        needs: &[&minio::PACKAGE, &moto::PACKAGE],
        run: |stage| {
            let minio = Minio::start(stage.cache(), stage.folder())?;
            prove(stage, minio.server, minio.port, true)
        },
    },
    Case {
        role: Role::Retriever,
        kind: "s3",
        variant: "",
        needs: &[&moto::PACKAGE],
        run: |stage| {
            let moto = Moto::start(stage.cache(), stage.folder())?;
            prove(stage, moto.server, moto.port, false)
        },
    },
];

const BUCKET: &str = "flags";

const ITEM: &str = "team/flags.yaml";

fn prove(stage: &Stage, server: Server, port: u16, checks_signatures: bool) -> Result<()> {
    let client = Boto3::new(
        stage.cache().need(&moto::PACKAGE)?,
        versitygw::variables(port, SECRET_KEY),
    );
    let meter = Meter::before(port)?;
    stage.prove_retriever(&mut S3 {
        server,
        meter,
        client,
        checks_signatures,
    })
}

struct S3 {
    server: Server,
    meter: Meter,
    client: Boto3,
    checks_signatures: bool,
}

impl S3 {
    fn setup(&self, item: &str, secret: &str) -> Setup {
        Setup {
            options: json!({"kind": "s3", "bucket": BUCKET, "item": item}),
            variables: versitygw::variables(self.meter.port(), secret),
            ..Setup::default()
        }
    }
}

impl Source for S3 {
    fn setup(&self) -> Setup {
        self.setup(ITEM, SECRET_KEY)
    }

    fn put(&mut self, edition: &str) -> Result<()> {
        self.client.put(BUCKET, ITEM, &document(edition))
    }

    fn corrupt(&mut self) -> Result<()> {
        self.client.put(BUCKET, ITEM, BROKEN_DOCUMENT)
    }

    fn refusals(&self) -> Vec<Refusal> {
        let mut refusals = vec![Refusal {
            what: "no such object",
            setup: self.setup("team/others.yaml", SECRET_KEY),
            kind: ErrorKind::NotFound,
        }];
        if self.checks_signatures {
            refusals.push(Refusal {
                what: "wrong secret",
                setup: self.setup(ITEM, "wrong-secret-81"),
                kind: ErrorKind::Denied,
            });
        }
        refusals
    }

    fn secrets(&self) -> Vec<String> {
        vec![SECRET_KEY.to_owned(), "wrong-secret-81".to_owned()]
    }

    fn server(&mut self) -> Option<&mut Server> {
        Some(&mut self.server)
    }

    fn meter(&self) -> Option<&Meter> {
        Some(&self.meter)
    }
}
