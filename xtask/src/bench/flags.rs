//! What the servers serve, and what they are asked.

use std::fmt::Write as _;
use std::path::Path;

/// Six comparisons in two groups, of which the second holds for [`BODY`].
const QUERY: &str = r#"(country eq "FR" and plan in ["pro", "enterprise"]) or (email ew "@example.com" and age ge 18 and beta eq true and version gt 1.4.0)"#;

/// The body of every request.
pub(super) const BODY: &str = r#"{"context":{"targetingKey":"d45e303a-38c2-11ed-a261-0242ac120002","country":"FR","plan":"free","email":"ann@example.com","age":42,"beta":true,"version":"1.10.2","anonymous":false}}"#;

/// 350 flags: a third static, a third split, a third with a query. The first three are asked for one by one.
pub(super) fn file() -> String {
    (0..350).fold(String::new(), |mut file, number| {
        let rules = match number % 3 {
            0 => "  defaultRule: {variation: enabled}".to_owned(),
            1 => "  defaultRule: {percentage: {enabled: 30, disabled: 70}}".to_owned(),
            _ => format!(
                "  targeting: [{{name: some, query: '{QUERY}', variation: enabled}}]\n  defaultRule: {{variation: disabled}}"
            ),
        };
        let flag = format!(
            "flag-{number:03}:\n  variations: {{enabled: true, disabled: false}}\n  metadata: {{description: a flag of the bench}}\n{rules}\n"
        );
        file.write_str(&flag).expect("writing to memory does not fail");
        file
    })
}

/// The relay's configuration.
pub(super) fn configuration(port: u16, flag_file: &Path) -> String {
    format!(
        "server: {{host: 127.0.0.1, port: {port}}}\nhideBanner: true\nlogLevel: error\nretriever: {{kind: file, path: {flag_file:?}}}\n"
    )
}
