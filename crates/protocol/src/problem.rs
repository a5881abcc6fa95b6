//! Error bodies outside of OFREP.

use crate::json::Object;

/// `{"message": ...}`. Where debugging is on, `debug` adds the member `error` that names the cause.
pub fn message(message: &str, debug: Option<&str>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut body = Object::open(&mut out);
    if let Some(cause) = debug {
        body.string("error", cause);
    }
    body.string("message", message);
    body.close();
    out.push(b'\n');
    out
}

/// The body of a request for configurations that cannot be read.
pub fn invalid_configuration_request(cause: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut body = Object::open(&mut out);
    body.string("errorCode", "INVALID_REQUEST");
    body.string("errorDetails", &format!("impossible to read request body: {cause}"));
    body.close();
    out.push(b'\n');
    out
}
