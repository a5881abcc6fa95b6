//! `webhook` on nginx.

use anyhow::{Context as _, Result, ensure};
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use data_encoding::HEXLOWER;
use flagstaff_events::ErrorKind;
use serde_json::{Value, json};

use crate::case::{Case, Role};
use crate::contract::Setup;
use crate::contract::exporter::{Lifeline, Refusal, Sink};
use crate::servers::nginx::{self, TOKEN};
use crate::servers::receiver::Receiver;

pub(super) const CASES: &[Case] = &[Case {
    role: Role::Exporter,
    kind: "webhook",
    variant: "",
    needs: &[&nginx::PACKAGE],
    run: |stage| {
        let receiver = Receiver::start(stage.cache(), stage.folder())?;
        stage.prove_exporter(&mut Webhook { receiver })
    },
}];

/// What bodies are signed with.
const SECRET: &str = "signing-secret-0a77";

struct Webhook {
    receiver: Receiver,
}

impl Webhook {
    fn setup(&self, token: &str) -> Setup {
        let options = json!({
            "kind": "webhook",
            "endpointUrl": format!("http://127.0.0.1:{}/events", self.receiver.port),
            "secret": SECRET,
            "meta": {"environment": "test"},
            "headers": {"Authorization": [format!("Bearer {token}")]},
        });
        options.into()
    }
}

impl Sink for Webhook {
    fn setup(&self) -> Setup {
        self.setup(TOKEN)
    }

    fn prepare(&mut self) -> Result<()> {
        Ok(())
    }

    fn read(&mut self) -> Result<Vec<Value>> {
        let key = hmac::Key::new(HMAC_SHA256, SECRET.as_bytes());
        let mut events = Vec::new();
        for request in self.receiver.received()? {
            let signature = HEXLOWER.encode(hmac::sign(&key, &request.body).as_ref());
            ensure!(
                request.signature == format!("sha256={signature}"),
                "signed {:?}",
                request.signature
            );
            let mut body: Value = serde_json::from_slice(&request.body)?;
            let meta = json!({"environment": "test", "hostname": "contract-host"});
            ensure!(body["meta"] == meta, "the body says {}", body["meta"]);
            let Value::Array(batch) = body["events"].take() else {
                return Err(anyhow::anyhow!("no list of events")).context("body");
            };
            events.extend(batch);
        }
        Ok(events)
    }

    fn refusals(&self) -> Vec<Refusal> {
        vec![Refusal {
            what: "wrong token",
            setup: self.setup("wrong-secret-81"),
            kind: ErrorKind::Denied,
        }]
    }

    fn secrets(&self) -> Vec<String> {
        [SECRET, TOKEN, "wrong-secret-81"].map(str::to_owned).to_vec()
    }

    fn lifeline(&mut self) -> &mut dyn Lifeline {
        &mut self.receiver.server
    }
}
