//! What each route takes and gives.

use utoipa::ToSchema;
use utoipa::openapi::path::{Operation, OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ContentBuilder, Deprecated, Ref, RefOr, Required, ResponseBuilder};

use super::refusal::{Refusal, text};
use super::schemas::changes::FlagChanges;
use super::schemas::goff::{
    AllFlags, Configuration, ConfigurationProblem, ConfigurationRequest, Evaluation, EvaluationRequest, Events, Hashes,
    Ingested, Manifest, Message,
};
use super::schemas::monitoring::{Accepted, Health, Information, Liveness, Readiness, Refreshed};
use super::schemas::ofrep::{OfrepBulk, OfrepEvaluation, OfrepProblem, OfrepRequest, RefetchEvaluation};
use super::tag::Tag;
use super::{API_KEY, BEARER, QUERY_KEY, STREAM_TOKEN};
use crate::route::{Group, Route};

const NO_FLAG_SET: &str = "The key belongs to no flag set.";

/// What is said about a route; nothing about what is none.
pub(super) fn draft(route: Route) -> Option<Draft> {
    Some(match route {
        Route::Ofrep => Draft::new(Tag::Ofrep, "evaluateFlag", "Evaluates a flag")
            .flag_key("Key of the flag; slashes in it are a part of it.")
            .takes::<OfrepRequest>(Required::True)
            .gives::<OfrepEvaluation>(200, "The outcome.")
            .gives::<OfrepProblem>(400, "The flag cannot be evaluated, or there is no evaluation context.")
            .gives::<OfrepProblem>(404, "There is no such flag."),
        Route::OfrepBulk => Draft::new(Tag::Ofrep, "evaluateFlags", "Evaluates all flags")
            .takes::<OfrepRequest>(Required::True)
            .conditional()
            .gives::<OfrepBulk>(200, "The outcomes.")
            .gives::<OfrepProblem>(400, "There is no evaluation context."),
        Route::Evaluation => Draft::new(Tag::Goff, "evaluateGoffFlag", "Evaluates a flag")
            .flag_key("Key of the flag, percent-encoded.")
            .takes::<EvaluationRequest>(Required::True)
            .gives::<Evaluation>(200, "The outcome, also one with an error.")
            .gives::<Message>(400, "There is no evaluation context.")
            .gives::<Message>(415, "The body is no JSON."),
        Route::AllFlags => Draft::new(Tag::Goff, "evaluateAllGoffFlags", "Evaluates all flags")
            .takes::<EvaluationRequest>(Required::True)
            .gives::<AllFlags>(200, "The outcomes.")
            .gives::<Message>(400, "There is no evaluation context.")
            .gives::<Message>(415, "The body is no JSON."),
        Route::Configuration => Draft::new(Tag::Goff, "readFlags", "Reads flags as they are written")
            .about("For providers that evaluate on their own.")
            .takes::<ConfigurationRequest>(Required::False)
            .conditional()
            .gives::<Configuration>(200, "The flags.")
            .header("Last-Modified", "Since when they are what they are.")
            .gives::<ConfigurationProblem>(400, "The body is no JSON."),
        Route::Change => Draft::new(Tag::Goff, "readHashes", "Reads hashes that change when flags do")
            .conditional()
            .gives::<Hashes>(200, "The hashes.")
            .gives::<Message>(400, NO_FLAG_SET),
        Route::Collector => Draft::new(
            Tag::Goff,
            "collectEvents",
            "Takes events of evaluations and of tracking",
        )
        .takes::<Events>(Required::True)
        .gives::<Ingested>(200, "The events are taken.")
        .gives::<Message>(400, "There are no events."),
        Route::Manifest => Draft::new(
            Tag::OpenFeature,
            "readManifest",
            "Reads the flags for the OpenFeature command line",
        )
        .gives::<Manifest>(200, "The flags.")
        .header("X-Manifest-Capabilities", "`read`")
        .gives::<Message>(400, NO_FLAG_SET),
        Route::Events => Draft::new(Tag::Streams, "followChanges", "Tells changes as server-sent events")
            .about("Messages have an `id`: sent back as `Last-Event-ID`, it continues where a stream broke off.")
            .parameter(ParameterIn::Header, "Last-Event-ID", "The last message that was seen.")
            .tells::<FlagChanges>(200, "text/event-stream", "A message for each change.")
            .gives::<Message>(400, NO_FLAG_SET),
        Route::OfrepEvents => Draft::new(
            Tag::Streams,
            "followChangesOverOfrep",
            "Tells when to fetch all flags again",
        )
        .about("Answers of all flags in the dialect `standard` name this stream, with a token.")
        .parameter(ParameterIn::Query, "since", "Of which flags the answer was made.")
        .parameter(ParameterIn::Header, "Last-Event-ID", "The last message that was seen.")
        .tells::<RefetchEvaluation>(200, "text/event-stream", "A message for each change."),
        Route::WebSocket => web_socket("followChangesOverWebSocket"),
        Route::LegacyWebSocket => web_socket("followChangesOverLegacyWebSocket").deprecated(),
        Route::Refresh => Draft::new(Tag::Administration, "refreshFlags", "Fetches the flags now")
            .parameter(
                ParameterIn::Query,
                "flagset",
                "Name of a flag set, `*` for all; the key's own without it.",
            )
            .gives::<Refreshed>(200, "They were fetched, or the last ones stay.")
            .gives::<Message>(400, "There is no such flag set."),
        Route::RefreshHook => Draft::new(Tag::Administration, "tellOfChange", "Tells that the flags changed where they are kept")
            .about(
                "For hooks of repositories and stores. The body may be anything; it is signed with the `refreshHookSecret` of the flag \
                 set, or the secret is sent as it is.",
            )
            .parameter(ParameterIn::Path, "flagset", "Name of the flag set; `default` where there is only one.")
            .parameter(
                ParameterIn::Header,
                "X-Hub-Signature-256",
                "`sha256=` and the HMAC-SHA256 of the body in hexadecimal digits; `X-Hub-Signature` is read too.",
            )
            .parameter(ParameterIn::Header, "X-Gitlab-Token", "The secret, by those who cannot sign.")
            .takes_anything()
            .gives::<Accepted>(202, "The flags are being fetched.")
            .gives::<Message>(401, "The signature does not fit.")
            .gives::<Message>(404, "There is no such flag set, or it has no hook."),
        Route::Health => {
            Draft::new(Tag::Monitoring, "readHealth", "Whether the process is alive").gives::<Health>(200, "It is.")
        }
        Route::Alive => Draft::new(Tag::Monitoring, "readLiveness", "Whether the process answers")
            .gives::<Liveness>(200, "It does."),
        Route::Information => Draft::new(Tag::Monitoring, "readInformation", "When flags were last fetched")
            .gives::<Information>(200, "When."),
        Route::Ready => Draft::new(Tag::Monitoring, "readReadiness", "Whether flags can be served")
            .about("An administrator's key is told names and errors of sources.")
            .gives::<Readiness>(200, "They can.")
            .gives::<Readiness>(503, "They cannot, or the relay is about to end."),
        Route::Metrics => Draft::new(Tag::Monitoring, "readMetrics", "Metrics for Prometheus").text(
            200,
            "text/plain",
            "Prometheus' text format.",
        ),
        Route::Profile => Draft::new(
            Tag::Administration,
            "takeProfile",
            "Takes a profile of the processor time",
        )
        .about("For keys that administrate the whole relay, where the profiler is switched on.")
        .parameter(
            ParameterIn::Query,
            "seconds",
            "How long it takes, at most 60; 30 without it.",
        )
        .text(200, "application/octet-stream", "A gzipped profile for pprof.")
        .gives::<Message>(400, "It may not take so long.")
        .gives::<Message>(404, "The profiler is switched off.")
        .gives::<Message>(409, "Another one is being taken."),
        Route::Swagger | Route::Page | Route::Nothing(_) => return None,
    })
}

fn web_socket(id: &str) -> Draft {
    Draft::new(Tag::Streams, id, "Tells changes over a web socket")
        .tells::<FlagChanges>(101, "application/json", "A text message for each change.")
        .gives::<Message>(
            400,
            "It is no handshake of a web socket, or the key belongs to no flag set.",
        )
        .text(426, "text/plain", "It is no handshake of a web socket.")
}

/// The description of a route, as far as the router does not know it.
pub(super) struct Draft {
    operation: OperationBuilder,
    /// The answers in order; headers are added to the last one.
    answers: Vec<(u16, ResponseBuilder)>,
    schemas: Vec<(String, RefOr<Schema>)>,
    conditional: bool,
    has_body: bool,
}

impl Draft {
    fn new(tag: Tag, id: &str, summary: &str) -> Self {
        Self {
            operation: OperationBuilder::new()
                .tag(tag.name())
                .operation_id(Some(id))
                .summary(Some(summary)),
            answers: Vec::new(),
            schemas: Vec::new(),
            conditional: false,
            has_body: false,
        }
    }

    fn about(mut self, text: &str) -> Self {
        self.operation = self.operation.description(Some(text));
        self
    }

    fn deprecated(mut self) -> Self {
        self.operation = self.operation.deprecated(Some(Deprecated::True));
        self
    }

    /// The flag key in the path.
    fn flag_key(self, about: &str) -> Self {
        self.parameter(ParameterIn::Path, "flagKey", about)
    }

    fn parameter(mut self, place: ParameterIn, name: &str, about: &str) -> Self {
        let required = match place {
            ParameterIn::Path => Required::True,
            _ => Required::False,
        };
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(place)
            .required(required)
            .description(Some(about))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)));
        self.operation = self.operation.parameter(parameter);
        self
    }

    /// A JSON body.
    fn takes<T: ToSchema>(mut self, required: Required) -> Self {
        let content = ContentBuilder::new().schema(Some(self.schema::<T>())).build();
        let body = RequestBodyBuilder::new()
            .content("application/json", content)
            .required(Some(required))
            .build();
        self.operation = self.operation.request_body(Some(body));
        self.has_body = true;
        self
    }

    /// A body of any form.
    fn takes_anything(mut self) -> Self {
        let schema = ObjectBuilder::new().schema_type(Type::String);
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let body = RequestBodyBuilder::new()
            .content("*/*", content)
            .required(Some(Required::False))
            .build();
        self.operation = self.operation.request_body(Some(body));
        self.has_body = true;
        self
    }

    /// A JSON answer.
    fn gives<T: ToSchema>(self, status: u16, about: &str) -> Self {
        self.tells::<T>(status, "application/json", about)
    }

    /// An answer of some type that holds JSON.
    fn tells<T: ToSchema>(mut self, status: u16, content_type: &str, about: &str) -> Self {
        let schema = self.schema::<T>();
        let content = match content_type {
            "text/event-stream" => {
                // the schema of one message's data; there is no word for messages in OpenAPI 3.1
                let data = ObjectBuilder::new()
                    .schema_type(Type::String)
                    .content_media_type("application/json")
                    .content_schema(Some(schema));
                ContentBuilder::new().schema(Some(data)).build()
            }
            _ => ContentBuilder::new().schema(Some(schema)).build(),
        };
        let response = ResponseBuilder::new().description(about).content(content_type, content);
        self.answers.push((status, response));
        self
    }

    /// An answer of text.
    fn text(mut self, status: u16, content_type: &str, about: &str) -> Self {
        let schema = ObjectBuilder::new().schema_type(Type::String);
        let content = ContentBuilder::new().schema(Some(schema)).build();
        self.answers.push((
            status,
            ResponseBuilder::new().description(about).content(content_type, content),
        ));
        self
    }

    /// Adds a header to the last answer.
    fn header(mut self, name: &str, about: &str) -> Self {
        if let Some((status, response)) = self.answers.pop() {
            self.answers.push((status, response.header(name, text(about))));
        }
        self
    }

    /// Answers carry an entity tag, and are 304 to those who have it.
    fn conditional(self) -> Self {
        Self {
            conditional: true,
            ..self.parameter(
                ParameterIn::Header,
                "If-None-Match",
                "Tags of answers that the caller has.",
            )
        }
    }

    fn schema<T: ToSchema>(&mut self) -> Ref {
        let name = T::name();
        T::schemas(&mut self.schemas);
        self.schemas.push((name.to_string(), T::schema()));
        Ref::from_schema_name(name)
    }

    /// Adds what the router knows: keys and refusals. Also every schema that is named.
    pub(super) fn finish(mut self, route: Route) -> (Operation, Vec<(String, RefOr<Schema>)>) {
        self.schema::<Message>();
        let mut operation = self.operation;
        if self.conditional {
            let unchanged = ResponseBuilder::new()
                .description("The caller has this answer already.")
                .header("ETag", text("Tag of the answer."));
            self.answers.push((304, unchanged));
        }
        for (status, response) in self.answers {
            let response = match status {
                200 if self.conditional => response.header("ETag", text("Tag of the answer.")),
                _ => response,
            };
            operation = operation.response(status.to_string(), response);
        }
        let mut refusals = vec![
            Refusal::MethodNotAllowed,
            Refusal::HeadTooLarge,
            Refusal::Timeout,
            Refusal::Defect,
        ];
        let schemes: &[&str] = match route.group() {
            Group::Open => &[],
            Group::Stream if route == Route::OfrepEvents => &[STREAM_TOKEN],
            Group::Stream => &[QUERY_KEY],
            Group::Goff | Group::Ofrep | Group::OpenFeature | Group::Admin => &[API_KEY, BEARER],
        };
        for scheme in schemes {
            operation = operation.security(SecurityRequirement::new::<_, [&str; 0], &str>(*scheme, []));
        }
        if !schemes.is_empty() {
            refusals.extend([
                Refusal::Unauthorized,
                Refusal::Forbidden,
                Refusal::TooManyRequests,
                Refusal::Unavailable,
            ]);
            if route.group() != Group::Admin {
                // without any key in the configuration, none is needed
                operation = operation.security(SecurityRequirement::default());
            }
        }
        if self.has_body {
            refusals.push(Refusal::TooLarge);
        }
        for refusal in refusals {
            let reference = Ref::from_response_name(refusal.name());
            operation = operation.response(refusal.status().as_str(), RefOr::Ref(reference));
        }
        (operation.build(), self.schemas)
    }
}
