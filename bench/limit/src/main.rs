//! The least that a server does for an evaluation over OFREP, as people write one with axum: it reads the same request, looks at
//! one attribute and writes an answer of the same size. It knows no flags. `cargo xtask bench` measures the relay against it.

use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use anyhow::Context;
use axum::extract::Path;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::routing::post;
use axum::{Json, Router};
use clap::Parser;
use serde_json::{Value, json};
use tokio::net::TcpListener;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A bare server to compare with.
#[derive(Debug, Parser)]
struct Arguments {
    /// Port of the loopback interface
    #[arg(long)]
    port: u16,
    /// File that holds the answer to every bulk evaluation
    #[arg(long)]
    bulk: PathBuf,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let bulk = fs::read(&arguments.bulk).with_context(|| format!("cannot read {}", arguments.bulk.display()))?;
    // lives as long as the program, and is answered without a copy
    let bulk: &'static [u8] = bulk.leak();
    let router = Router::new()
        .route("/ofrep/v1/evaluate/flags/{key}", post(evaluate))
        .route(
            "/ofrep/v1/evaluate/flags",
            post(
                async move |Json(_): Json<Value>| -> ([(HeaderName, &str); 1], &'static [u8]) {
                    ([(CONTENT_TYPE, "application/json")], bulk)
                },
            ),
        );
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, arguments.port))
        .await
        .with_context(|| format!("cannot listen on port {}", arguments.port))?;
    axum::serve(listener, router).await.context("cannot serve")
}

/// Answers a single evaluation: whoever has a targeting key gets the same.
async fn evaluate(Path(key): Path<String>, Json(request): Json<Value>) -> Json<Value> {
    let is_known = request["context"]["targetingKey"].is_string();
    Json(json!({
        "key": key,
        "value": is_known,
        "reason": if is_known { "STATIC" } else { "DEFAULT" },
        "variant": if is_known { "enabled" } else { "disabled" },
        "metadata": {"description": "a flag of the benchmark", "gofeatureflag_cacheable": true},
    }))
}
