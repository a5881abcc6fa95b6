//! A lock of keys in Redis.

use serde_json::json;

use crate::case::{Case, Role};
use crate::contract::Setup;
use crate::contract::lock::Place;
use crate::server::Server;
use crate::servers::redis::{self, PASSWORD, USER};
use crate::servers::{nginx, receiver::Receiver};

pub(super) const CASES: &[Case] = &[Case {
    role: Role::Lock,
    kind: "notifierLock",
    variant: "redis",
    needs: &[&redis::PACKAGE, &nginx::PACKAGE],
    run: |stage| {
        let mut redis = redis::Redis::start(stage.cache(), stage.folder())?;
        let mut receiver = Receiver::start(stage.cache(), stage.folder())?;
        stage.prove_lock(&mut redis, &mut receiver)
    },
}];

fn options(redis: &redis::Redis, password: &str) -> Setup {
    let address = format!("127.0.0.1:{}", redis.port);
    json!({"kind": "redis", "redisOptions": {"addr": address, "username": USER, "password": password}}).into()
}

impl Place for redis::Redis {
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
