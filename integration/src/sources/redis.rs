//! `redis`: a key for each flag.

use anyhow::Result;
use flagstaff_retrievers::ErrorKind;
use serde_json::{Value, json};

use crate::case::{Case, Role};
use crate::contract::Setup;
use crate::contract::edition::{FLAG, broken_flag, flags};
use crate::contract::retriever::{Refusal, Source};
use crate::meter::Meter;
use crate::server::Server;
use crate::servers::redis::{self, PASSWORD, USER};

pub(super) const CASES: &[Case] = &[Case {
    role: Role::Retriever,
    kind: "redis",
    variant: "",
    needs: &[&redis::PACKAGE],
    run: |stage| {
        let redis = redis::Redis::start(stage.cache(), stage.folder())?;
        let meter = Meter::before(redis.port)?;
        stage.prove_retriever(&mut Redis { redis, meter })
    },
}];

const PREFIX: &str = "flags:";

struct Redis {
    redis: redis::Redis,
    meter: Meter,
}

impl Redis {
    fn options(&self, password: &str) -> Value {
        let address = format!("127.0.0.1:{}", self.meter.port());
        json!({
            "kind": "redis",
            "redisOptions": {"addr": address, "username": USER, "password": password},
            "redisPrefix": PREFIX,
            "keyspaceEvents": true,
        })
    }
}

impl Source for Redis {
    fn setup(&self) -> Setup {
        self.options(PASSWORD).into()
    }

    fn put(&mut self, edition: &str) -> Result<()> {
        for (key, flag) in flags(edition) {
            self.redis.ask(&["SET", &format!("{PREFIX}{key}"), &flag.to_string()])?;
        }
        Ok(())
    }

    fn corrupt(&mut self) -> Result<()> {
        let key = format!("{PREFIX}{FLAG}");
        self.redis.ask(&["SET", &key, &broken_flag().to_string()]).map(drop)
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
        Some(&mut self.redis.server)
    }

    fn meter(&self) -> Option<&Meter> {
        Some(&self.meter)
    }

    fn is_conditional(&self) -> bool {
        false
    }
}
