//! Request bodies.
//!
//! A body is read twice at most. The quick way goes straight from the bytes into what the engine takes, borrowing texts.
//! Whatever it cannot take (an error, a member name in another case or written twice, broken UTF-8, a second value after
//! the first) is left to the [exact way](exact), which reads as Go's decoder does and says what is wrong as GO Feature
//! Flag does.
//!
//! A body whose lists and objects are nested deeper than the `depth` that each function takes is refused.

mod exact;
mod fast;

use std::borrow::Cow;

use flagstaff_engine::context::{ContextMap, ContextValue, EvaluationContext};

/// Why a body cannot be read. The texts are GO Feature Flag's where clients compare them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// There is nothing but white space.
    #[error("EOF")]
    Blank,
    /// The value does not end.
    #[error("unexpected EOF")]
    Truncated,
    /// It is no JSON.
    #[error("Syntax error: offset={offset}, error={error}")]
    Syntax {
        /// Bytes up to and with the offending one.
        offset: usize,
        /// What is wrong there.
        error: String,
    },
    /// It is JSON of another shape.
    #[error("Unmarshal type error: expected={expected}, got={got}, field={field}, offset={offset}")]
    Type {
        /// What should stand there.
        expected: &'static str,
        /// What stands there.
        got: String,
        /// Path of the member, empty for the whole body.
        field: &'static str,
        /// Bytes up to the end of the value, or to its opening bracket.
        offset: usize,
    },
}

impl RequestError {
    /// The text as it is embedded in other texts.
    pub fn nested(&self) -> String {
        let internal = match self {
            Self::Blank | Self::Truncated => self.to_string(),
            Self::Syntax { error, .. } => error.clone(),
            Self::Type { expected, got, .. } => format!("json: cannot unmarshal {got} into {expected}"),
        };
        format!("code=400, message={self}, internal={internal}")
    }
}

/// A request for evaluations in GO Feature Flag's own form.
#[derive(Debug, Clone, PartialEq)]
pub struct EvaluationRequest<'a> {
    /// Who asks; `None` when the request does not say.
    pub context: Option<EvaluationContext<'a>>,
    /// What the caller would use itself.
    pub default_value: ContextValue<'a>,
}

/// Reads a request of `/v1/feature/{key}/eval` or `/v1/allflags`.
pub fn evaluation(body: &[u8], depth: usize) -> Result<EvaluationRequest<'_>, RequestError> {
    let parts = fast::read::<EvaluationParts<'_>>(body, depth).map_or_else(|| exact::evaluation(body, depth), Ok)?;
    Ok(parts.into())
}

/// Reads the context of an OFREP request; `None` when there is none.
pub fn ofrep(body: &[u8], depth: usize) -> Result<Option<EvaluationContext<'_>>, RequestError> {
    let parts = fast::read::<OfrepParts<'_>>(body, depth).map_or_else(|| exact::ofrep(body, depth), Ok)?;
    Ok(parts.context.map(|attributes| {
        let targeting_key = match attributes.get("targetingKey") {
            Some(ContextValue::String(key)) => key.clone(),
            _ => Cow::Borrowed(""),
        };
        EvaluationContext {
            targeting_key,
            attributes,
        }
    }))
}

/// Reads the flag keys that a request of `/v1/flag/configuration` asks for; all flags are meant when there are none.
pub fn configuration(body: &[u8], depth: usize) -> Result<Vec<Cow<'_, str>>, RequestError> {
    let parts =
        fast::read::<ConfigurationParts<'_>>(body, depth).map_or_else(|| exact::configuration(body, depth), Ok)?;
    Ok(parts.flags)
}

/// What clients report.
#[derive(Debug, Clone, PartialEq)]
pub struct CollectorRequest<'a> {
    /// What replaces the metadata of each event of an evaluation.
    pub meta: Option<ContextMap<'a>>,
    /// The events, as they are; `None` stands for a null.
    pub events: Vec<Option<ContextMap<'a>>>,
}

/// Reads a request of `/v1/data/collector`; `None` when it has no list of events.
pub fn collector(body: &[u8], depth: usize) -> Result<Option<CollectorRequest<'_>>, RequestError> {
    let parts = fast::read::<CollectorParts<'_>>(body, depth).map_or_else(|| exact::collector(body, depth), Ok)?;
    let events = parts.events.map(Vec::into_iter);
    Ok(events.map(|events| CollectorRequest {
        meta: parts.meta.map(ContextMap::from_members),
        events: events.map(|event| event.map(ContextMap::from_members)).collect(),
    }))
}

/// The flags that a bulk evaluation is restricted to (`gofeatureflag.flagList`); all flags are meant when there are none.
pub fn flag_list<'c>(context: &'c EvaluationContext<'_>) -> Vec<&'c str> {
    let Some(ContextValue::Map(reserved)) = context.attributes.get("gofeatureflag") else {
        return Vec::new();
    };
    let Some(ContextValue::List(names)) = reserved.get("flagList") else {
        return Vec::new();
    };
    let texts = names.iter().filter_map(|name| match name {
        ContextValue::String(name) => Some(&**name),
        _ => None,
    });
    texts.collect()
}

/// The members of a request for evaluations.
#[derive(Debug, Default, PartialEq)]
struct EvaluationParts<'a> {
    context: Option<ContextParts<'a>>,
    user: Option<UserParts<'a>>,
    default_value: Option<ContextValue<'a>>,
}

/// `evaluationContext`
#[derive(Debug, Default, PartialEq)]
struct ContextParts<'a> {
    key: Cow<'a, str>,
    custom: Vec<(Cow<'a, str>, ContextValue<'a>)>,
}

/// `user`, the form before `evaluationContext`.
#[derive(Debug, Default, PartialEq)]
struct UserParts<'a> {
    context: ContextParts<'a>,
    anonymous: bool,
}

/// The members of an OFREP request.
#[derive(Debug, Default, PartialEq)]
struct OfrepParts<'a> {
    context: Option<ContextMap<'a>>,
}

/// The members of a request for configurations.
#[derive(Debug, Default, PartialEq)]
struct ConfigurationParts<'a> {
    flags: Vec<Cow<'a, str>>,
}

/// The members of a request of the collector.
#[derive(Debug, Default, PartialEq)]
struct CollectorParts<'a> {
    meta: Option<Vec<Member<'a>>>,
    events: Option<Vec<Option<Vec<Member<'a>>>>>,
}

/// A member of an object.
type Member<'a> = (Cow<'a, str>, ContextValue<'a>);

impl<'a> From<EvaluationParts<'a>> for EvaluationRequest<'a> {
    fn from(parts: EvaluationParts<'a>) -> Self {
        let context = parts.context.or_else(|| {
            parts.user.map(|user| {
                let mut context = user.context;
                context
                    .custom
                    .push((Cow::Borrowed("anonymous"), ContextValue::Bool(user.anonymous)));
                context
            })
        });
        Self {
            context: context.map(|context| EvaluationContext {
                targeting_key: context.key,
                attributes: ContextMap::from_members(context.custom),
            }),
            default_value: parts.default_value.unwrap_or(ContextValue::Null),
        }
    }
}

/// Whether Go takes `name` for the member `known`: letters in any case, the long s and the Kelvin sign included.
pub(crate) fn same_name(known: &str, name: &str) -> bool {
    let folded = name.chars().map(|letter| match letter {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    });
    folded.eq(known.chars().map(|letter| letter.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DEPTH: usize = 256;

    /// `key {attributes} default` of a request for an evaluation, or the error.
    fn check_evaluation(body: &str, expected: &str) {
        let shown = match evaluation(body.as_bytes(), DEPTH) {
            Err(error) => error.to_string(),
            Ok(EvaluationRequest { context: None, .. }) => "no context".to_owned(),
            Ok(EvaluationRequest {
                context: Some(context),
                default_value,
            }) => {
                let mut out = context.targeting_key.as_bytes().to_vec();
                out.push(b' ');
                crate::json::write_context_map(&mut out, &context.attributes);
                out.push(b' ');
                crate::json::write_context_value(&mut out, &default_value);
                String::from_utf8(out).unwrap()
            }
        };
        assert_eq!(shown, expected, "{body}");
    }

    #[test]
    fn evaluation_requests_are_read_as_go_does() {
        for (body, expected) in [
            (
                r#"{"evaluationContext":{"key":"a","custom":{"n":1}},"defaultValue":2}"#,
                r#"a {"n":1} 2"#,
            ),
            (r#"{"evaluationContext":{"key":"a"}} and more"#, "a {} null"),
            (
                r#"{"EVALUATIONcontext":{"Key":"a","CUSTOM":{"Key":1}},"defaultvalue":3}"#,
                r#"a {"Key":1} 3"#,
            ),
            (
                "{\"u\u{17f}er\":{\"\u{212a}ey\":\"a\"}}",
                r#"a {"anonymous":false} null"#,
            ),
            (
                r#"{"user":{"key":"a","anonymous":true,"custom":{"anonymous":1}}}"#,
                r#"a {"anonymous":true} null"#,
            ),
            (r#"{"user":{"key":"u"},"evaluationContext":{"key":"e"}}"#, "e {} null"),
            (
                r#"{"evaluationContext":null,"user":{"key":"u"}}"#,
                r#"u {"anonymous":false} null"#,
            ),
            (
                r#"{"evaluationContext":{"key":"a","custom":{"x":{"p":1},"y":1}},"evaluationContext":{"custom":{"x":{"q":2}}}}"#,
                r#"a {"x":{"q":2},"y":1} null"#,
            ),
            (r#"{"evaluationContext":{"key":"a","key":"b"}}"#, "b {} null"),
            (
                r#"{"evaluationContext":{"key":"a"},"evaluationContext":null}"#,
                "no context",
            ),
            (r#"{"evaluationContext":{"key":null,"custom":null}}"#, " {} null"),
            (
                r#"{"evaluationContext":{"key":"x"},"defaultValue":"\ud800\ud83d\ude00"}"#,
                "x {} \"\u{fffd}😀\"",
            ),
            ("null", "no context"),
            ("{}", "no context"),
            ("  \n", "EOF"),
            (r#"{"evaluationContext":{"key":"x""#, "unexpected EOF"),
            (
                r#"{"evaluationContext":{key:"x"}}"#,
                "Syntax error: offset=23, error=invalid character 'k' looking for beginning of object key string",
            ),
            (
                r#"{"evaluationContext":{"key":"x"},}"#,
                "Syntax error: offset=34, error=invalid character '}' looking for beginning of object key string",
            ),
            (
                r#"{"evaluationContext":{"key":5}}"#,
                "Unmarshal type error: expected=string, got=number, field=evaluationContext.key, offset=29",
            ),
            (
                r#"{"evaluationContext":{"key":"x","custom":[]}}"#,
                "Unmarshal type error: expected=object, got=array, field=evaluationContext.custom, offset=42",
            ),
            (
                r#"{"evaluationContext":{"key":"x","custom":{"n":1e999}}}"#,
                "Unmarshal type error: expected=float64, got=number 1e999, field=evaluationContext.custom, offset=51",
            ),
            (
                "\"x\"",
                "Unmarshal type error: expected=object, got=string, field=, offset=3",
            ),
            (
                "\u{feff}{}",
                "Syntax error: offset=1, error=invalid character 'ï' looking for beginning of value",
            ),
        ] {
            check_evaluation(body, expected);
        }
    }

    #[test]
    fn broken_utf8_becomes_replacement_characters() {
        let body = b"{\"context\":{\"targetingKey\":\"x\xe2\x82\"}}";
        assert_eq!(ofrep(body, DEPTH).unwrap().unwrap().targeting_key, "x\u{fffd}\u{fffd}");
    }

    #[test]
    fn whole_numbers_at_the_top_are_integers() {
        let body = br#"{"context":{"a":1.0,"b":1e3,"c":1.5,"d":9223372036854775808,"e":[1],"f":-0.0}}"#;
        let context = ofrep(body, DEPTH).unwrap().unwrap();
        let attribute = |name| context.attributes.get(name).unwrap().clone();
        assert_eq!(attribute("a"), ContextValue::Int(1));
        assert_eq!(attribute("b"), ContextValue::Int(1000));
        assert_eq!(attribute("c"), ContextValue::Float(1.5));
        assert_eq!(attribute("d"), ContextValue::Float(9_223_372_036_854_775_808.0));
        assert_eq!(attribute("e"), ContextValue::List(vec![ContextValue::Float(1.0)]));
        assert_eq!(attribute("f"), ContextValue::Int(0));
    }

    #[test]
    fn deep_nesting_is_read_up_to_the_limit_and_refused_beyond() {
        let nested = |depth: usize| format!("{{\"context\":{{\"n\":{}{}}}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(ofrep(nested(250).as_bytes(), DEPTH).is_ok());
        let refused = ofrep(nested(5_000_000).as_bytes(), DEPTH).unwrap_err();
        assert!(refused.to_string().contains("nesting"), "{refused}");
    }

    #[test]
    fn collector_takes_objects_and_nulls() {
        for (body, expected) in [
            (r#"{"events":[{"kind":"feature"},null,{"x":[1,{}]}]}"#, Ok(Some(3))),
            (r#"{"EVENTS":[]}"#, Ok(Some(0))),
            (r#"{"events":null}"#, Ok(None)),
            (r#"{"meta":{}}"#, Ok(None)),
            (r#"{"events":["x"]}"#, Err("events")),
            (r#"{"events":{}}"#, Err("events")),
            (r#"{"events":[{"a":1e999}]}"#, Err("events")),
            (r#"{"meta":"x","events":[]}"#, Err("meta")),
            ("[]", Err("")),
        ] {
            let counted = collector(body.as_bytes(), DEPTH).map_err(|error| match error {
                RequestError::Type { field, .. } => field,
                other => panic!("{other}"),
            });
            let counted = counted.map(|request| request.map(|request| request.events.len()));
            assert_eq!(counted, expected, "{body}");
        }
    }

    #[test]
    fn configuration_names_flags() {
        assert_eq!(
            configuration(br#"{"flags":["a","\u0062",null]}"#, DEPTH).unwrap(),
            ["a", "b", ""]
        );
        assert!(configuration(br#"{"flags":null}"#, DEPTH).unwrap().is_empty());
        assert!(configuration(br#"{"flags":[1]}"#, DEPTH).is_err());
    }

    fn json() -> impl Strategy<Value = String> {
        let name = prop_oneof![
            Just("context".to_owned()),
            Just("Context".to_owned()),
            Just("targetingKey".to_owned()),
            Just("flags".to_owned()),
            Just("events".to_owned()),
            Just("evaluationContext".to_owned()),
            Just("key".to_owned()),
            Just("custom".to_owned()),
            "[a-c\u{e9}\\\\\"]{0,2}",
        ];
        let leaf = prop_oneof![
            Just("null".to_owned()),
            Just("true".to_owned()),
            any::<f64>().prop_map(|number| format!("{number:?}").replace("NaN", "0").replace("inf", "1e400")),
            any::<i64>().prop_map(|number| number.to_string()),
            name.clone().prop_map(|text| serde_json::Value::from(text).to_string()),
            Just("\"\\ud800\"".to_owned()),
            Just("[".to_owned()),
        ];
        leaf.prop_recursive(4, 24, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(|elements| format!("[{}]", elements.join(","))),
                prop::collection::vec((name.clone(), inner), 0..4).prop_map(|members| {
                    let members = members
                        .iter()
                        .map(|(name, value)| format!("{}:{value}", serde_json::Value::from(name.as_str())));
                    format!("{{{}}}", members.collect::<Vec<_>>().join(" , "))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_quick_way_reads_what_the_exact_way_reads(body in json()) {
            let body = body.as_bytes();
            if let Some(quick) = fast::read::<EvaluationParts<'_>>(body, DEPTH) {
                prop_assert_eq!(EvaluationRequest::from(quick), EvaluationRequest::from(exact::evaluation(body, DEPTH).unwrap()));
            }
            if let Some(quick) = fast::read::<OfrepParts<'_>>(body, DEPTH) {
                prop_assert_eq!(quick, exact::ofrep(body, DEPTH).unwrap());
            }
            if let Some(quick) = fast::read::<ConfigurationParts<'_>>(body, DEPTH) {
                prop_assert_eq!(quick, exact::configuration(body, DEPTH).unwrap());
            }
            if let Some(quick) = fast::read::<CollectorParts<'_>>(body, DEPTH) {
                prop_assert_eq!(quick, exact::collector(body, DEPTH).unwrap());
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = (evaluation(&body, DEPTH), ofrep(&body, DEPTH), configuration(&body, DEPTH), collector(&body, DEPTH));
        }

        #[test]
        fn what_serde_json_reads_is_read(body in json()) {
            if serde_json::from_str::<serde_json::Value>(&body).is_ok() {
                let wrapped = format!("{{\"evaluationContext\":{{}},\"defaultValue\":{body}}}");
                prop_assert!(evaluation(wrapped.as_bytes(), DEPTH).is_ok());
            }
        }
    }
}
