//! The OpenAPI document, made from the routes: paths, methods, keys and refusals are the router's, what goes in and out is said
//! in [`operation`], for each route.

use http::Method;
use utoipa::openapi::path::HttpMethod;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ComponentsBuilder, Info, LicenseBuilder, OpenApi, OpenApiBuilder, PathItem, PathsBuilder, ServerBuilder,
};

use crate::route::Route;

mod operation;
mod refusal;
mod schemas;
mod tag;

use tag::Tag;

const DESCRIPTION: &str = "\
Flags are evaluated over OpenFeature's remote evaluation protocol (OFREP) or GO Feature Flag's own API.

- Keys are needed once one is configured. They are sent as `X-API-Key: KEY` or `Authorization: Bearer KEY`; streams take them as \
`?apiKey=KEY`.
- Bodies are JSON whatever their `Content-Type` says. `?pretty` indents the answers.
- Any path that begins like one of these and does not exist is a 404, after authentication.
- With a monitoring port of its own, the paths under *Monitoring* are served there and not here.";

/// The document of a relay that is reached at these URLs, as JSON.
pub fn document(servers: &[String]) -> String {
    let mut text = describe(servers)
        .to_pretty_json()
        .expect("names in a document are texts");
    text.push('\n');
    text
}

fn describe(servers: &[String]) -> OpenApi {
    let mut components = ComponentsBuilder::new();
    for (name, scheme) in security_schemes() {
        components = components.security_scheme(name, scheme);
    }
    for refusal in refusal::Refusal::ALL {
        components = components.response(refusal.name(), refusal.response());
    }
    let mut paths = PathsBuilder::new();
    for route in Route::ALL {
        let Some(draft) = operation::draft(route) else { continue };
        let (operation, schemas) = draft.finish(route);
        components = components.schemas_from_iter(schemas);
        let method = match route.check_method(&Method::POST) {
            Ok(()) => HttpMethod::Post,
            Err(_) => HttpMethod::Get,
        };
        paths = paths.path(path(route), PathItem::new(method, operation));
    }
    let mut info = Info::new("Flagstaff relay", crate::VERSION);
    info.description = Some(DESCRIPTION.to_owned());
    info.license = Some(
        LicenseBuilder::new()
            .name("MIT OR Apache-2.0")
            .identifier(Some("MIT OR Apache-2.0"))
            .build(),
    );
    let tags = Tag::ALL.map(|tag| {
        TagBuilder::new()
            .name(tag.name())
            .description(Some(tag.about()))
            .build()
    });
    let servers = servers.iter().map(|url| ServerBuilder::new().url(url).build());
    OpenApiBuilder::new()
        .info(info)
        .servers(Some(servers))
        .tags(Some(tags))
        .paths(paths)
        .components(Some(components.build()))
        .build()
}

/// The path of a route as OpenAPI writes it: `/v1/feature/{flagKey}/eval`.
fn path(route: Route) -> String {
    let segments = route
        .template()
        .split('/')
        .map(|segment| match segment.strip_prefix(':') {
            Some(name) => format!("{{{name}}}"),
            None => segment.to_owned(),
        });
    segments.collect::<Vec<_>>().join("/")
}

/// How keys are sent, by the names that operations use.
fn security_schemes() -> [(&'static str, SecurityScheme); 4] {
    let header = ApiKeyValue::with_description("X-API-Key", "The key itself.");
    let token = ApiKeyValue::with_description("token", "From the answer that names the stream.");
    let query = ApiKeyValue::with_description("apiKey", "The key itself: a browser's stream sends no headers.");
    [
        (API_KEY, SecurityScheme::ApiKey(ApiKey::Header(header))),
        (BEARER, SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer))),
        (QUERY_KEY, SecurityScheme::ApiKey(ApiKey::Query(query))),
        (STREAM_TOKEN, SecurityScheme::ApiKey(ApiKey::Query(token))),
    ]
}

const API_KEY: &str = "apiKey";
const BEARER: &str = "bearer";
const QUERY_KEY: &str = "queryKey";
const STREAM_TOKEN: &str = "streamToken";
