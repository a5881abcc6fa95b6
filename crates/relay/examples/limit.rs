//! The denominator of `cargo xtask bench`: about the least that an axum server can do for an OFREP evaluation.
//!
//! It reads the body that the relay reads, looks at one attribute and answers as many bytes; a bulk evaluation is answered with
//! a text that was made beforehand. `limit PORT BYTES`, with the size of the bulk answer.

use axum::extract::Path;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The body of an evaluation.
#[derive(Deserialize)]
struct Evaluation {
    context: Map<String, Value>,
}

async fn single(Path(key): Path<String>, Json(evaluation): Json<Evaluation>) -> impl IntoResponse {
    let known = evaluation.context.get("targetingKey").is_some_and(Value::is_string);
    let metadata = json!({"description": "a flag of the bench", "gofeatureflag_cacheable": true});
    let variant = if known { "enabled" } else { "disabled" };
    Json(json!({"key": key, "value": known, "reason": "STATIC", "variant": variant, "metadata": metadata}))
}

#[tokio::main]
#[expect(clippy::disallowed_methods, reason = "an example is its own little binary")]
async fn main() -> std::io::Result<()> {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let [port, bytes] = numbers[..] else {
        return Err(std::io::Error::other("usage: limit PORT BYTES"));
    };
    let bulk: &'static str = Box::leak(json!({"flags": "x".repeat(bytes)}).to_string().into_boxed_str());
    let many = move |Json(evaluation): Json<Evaluation>| async move {
        drop(evaluation.context);
        ([(CONTENT_TYPE, "application/json")], bulk)
    };
    let router = Router::new()
        .route("/ofrep/v1/evaluate/flags/{key}", post(single))
        .route("/ofrep/v1/evaluate/flags", post(many))
        .route("/health", get(|| async { Json(json!({"initialized": true})) }));
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    axum::serve(listener, router).await
}
