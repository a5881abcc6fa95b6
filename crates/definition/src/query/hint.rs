//! What people meant who wrote something that the language does not have.

use super::ast::{Logic, Operator};
use super::lexer::{Kind, Mistake};

/// A word in the place of an operator.
pub(super) fn for_operator(word: &str, path: &str) -> String {
    let known = match word.to_ascii_lowercase().as_str() {
        "is" | "equal" | "equals" | "eql" => Some("eq"),
        "isnt" | "neq" | "not_equal" | "notequals" => Some("ne"),
        "gte" | "ge_than" => Some("ge"),
        "lte" => Some("le"),
        "greater" | "more" | "after" => Some("gt"),
        "less" | "before" => Some("lt"),
        "contain" | "contains" | "includes" | "has" => Some("co"),
        "starts" | "startswith" | "starts_with" | "begins" | "prefix" => Some("sw"),
        "ends" | "endswith" | "ends_with" | "suffix" => Some("ew"),
        "one_of" | "oneof" | "any" | "any_of" => Some("in"),
        "exists" | "present" | "defined" => Some("pr"),
        "not" => return format!("write `not ({path} in ...)`: `not` stands before a condition in parentheses"),
        "nin" | "notin" | "not_in" => return format!("write `not ({path} in [...])`"),
        "matches" | "match" | "regex" | "regexp" | "like" => {
            return "there are no patterns: use `co`, `sw` or `ew`, or JsonLogic".to_owned();
        }
        "between" => return format!("write `{path} ge ... and {path} le ...`"),
        _ => OPERATORS
            .iter()
            .copied()
            .find(|operator| one_edit_apart(operator, word)),
    };
    match known {
        Some(operator) => format!("did you mean `{operator}`?"),
        None => "the operators are eq, ne, lt, le, gt, ge, co, sw, ew, in and pr".to_owned(),
    }
}

const OPERATORS: [&str; 11] = ["eq", "ne", "lt", "le", "gt", "ge", "co", "sw", "ew", "in", "pr"];

/// A word in the place of a value.
pub(super) fn for_value(word: &str) -> String {
    if word.eq_ignore_ascii_case("nil") || word.eq_ignore_ascii_case("none") || word.eq_ignore_ascii_case("undefined") {
        return "did you mean `null`?".to_owned();
    }
    if let Some(known) = ["true", "false", "null"]
        .into_iter()
        .find(|known| one_edit_apart(known, word))
    {
        return format!("did you mean `{known}`?");
    }
    format!("put texts in double quotes: \"{word}\" (an attribute cannot be compared with another)")
}

/// What stands where `and`, `or` or the end of the query should.
pub(super) fn for_junction(kind: Kind<'_>) -> String {
    match kind {
        Kind::Comma | Kind::Mistake(Mistake::Unknown(';')) => "join conditions with `and` or `or`".to_owned(),
        Kind::Word(word) => {
            for logic in [Logic::And, Logic::Or] {
                let name = logic.name();
                if one_edit_apart(name, word) {
                    return format!("did you mean `{name}`?");
                }
                if let Some((_, rest)) = word
                    .split_at_checked(name.len())
                    .filter(|(start, _)| start.eq_ignore_ascii_case(name))
                {
                    return format!("did you mean `{name} {rest}`?");
                }
            }
            "join conditions with `and` or `or`, and put quotes around texts".to_owned()
        }
        _ => for_kind(kind).unwrap_or_else(|| "join conditions with `and` or `or`, or remove this".to_owned()),
    }
}

/// What to write instead of something that stands nowhere in a query; `None` for what is fine elsewhere.
pub(super) fn for_kind(kind: Kind<'_>) -> Option<String> {
    let Kind::Mistake(mistake) = kind else { return None };
    Some(match mistake {
        Mistake::UnclosedString => "close the text with a double quote".to_owned(),
        Mistake::Escape => {
            r#"a backslash stands only before " \ / b f n r t, or before u and four hexadecimal digits"#.to_owned()
        }
        Mistake::SingleQuoted => "put texts in double quotes".to_owned(),
        Mistake::Equals => "write `eq` or `==`".to_owned(),
        Mistake::NotEquals => "write `ne` or `!=`".to_owned(),
        Mistake::Exclamation => "negate with `not (...)`".to_owned(),
        Mistake::SingleLogic(logic) => format!("write `{}`", logic.name()),
        Mistake::Minus => "a minus sign stands directly before its number".to_owned(),
        Mistake::Unknown(c) if c.is_whitespace() || c == '\u{feff}' || c == '\u{200b}' => {
            "write an ordinary space".to_owned()
        }
        Mistake::Unknown('{' | '}') => "lists stand in brackets, and conditions in parentheses".to_owned(),
        Mistake::Unknown('+') => "write numbers without a plus sign".to_owned(),
        Mistake::Unknown('%') => "write the number alone".to_owned(),
        Mistake::Unknown('_' | '$' | '@') => {
            "an attribute's name begins with a letter from a to z; use JsonLogic for other names".to_owned()
        }
        Mistake::Unknown('~' | '*' | '?' | '^' | '/') => "there are no patterns: use `co`, `sw` or `ew`".to_owned(),
        Mistake::Unknown(c) if c.is_alphabetic() => {
            "names consist of ASCII letters, digits, `_`, `-` and `:`; texts stand in double quotes".to_owned()
        }
        Mistake::Unknown(_) => "remove it, or put quotes around the text".to_owned(),
    })
}

/// What something is called in a message.
pub(super) fn describe(kind: Kind<'_>) -> String {
    match kind {
        Kind::Word(word) => format!("`{}`", shortened(word)),
        Kind::Number(number) => format!("`{}`", shortened(number)),
        Kind::String(text) => format!("the text \"{}\"", shortened(text)),
        Kind::Operator(operator) => format!("the operator for `{}`", operator.name()),
        Kind::Logic(logic) => format!("the sign for `{}`", logic.name()),
        Kind::Open => "`(`".to_owned(),
        Kind::Close => "`)`".to_owned(),
        Kind::OpenList => "`[`".to_owned(),
        Kind::CloseList => "`]`".to_owned(),
        Kind::Comma => "a comma".to_owned(),
        Kind::Dot => "a dot".to_owned(),
        Kind::End => "the end of the query".to_owned(),
        Kind::Mistake(mistake) => match mistake {
            Mistake::UnclosedString => "a text that is not closed".to_owned(),
            Mistake::Escape => "a text with an unknown escape".to_owned(),
            Mistake::SingleQuoted => "a quote that is no double quote".to_owned(),
            Mistake::Equals | Mistake::NotEquals => "an operator that does not exist".to_owned(),
            Mistake::Exclamation => "`!`".to_owned(),
            Mistake::SingleLogic(Logic::And) => "a sign other than `&&`".to_owned(),
            Mistake::SingleLogic(Logic::Or) => "a sign other than `||`".to_owned(),
            Mistake::Minus => "a minus sign".to_owned(),
            Mistake::Unknown(c) => format!("the character {}", c.escape_debug()),
        },
    }
}

/// A text short enough for a message.
fn shortened(text: &str) -> &str {
    text.char_indices().nth(40).map_or(text, |(end, _)| &text[..end])
}

/// Whether an operator's name and a word differ by one letter changed, added, removed, or by two swapped; in any case.
fn one_edit_apart(known: &str, word: &str) -> bool {
    let (known, word) = (known.as_bytes(), word.as_bytes());
    if word.len() < 2 || known.len().abs_diff(word.len()) > 1 {
        return false;
    }
    let same = |(a, b): &(&u8, &u8)| a.eq_ignore_ascii_case(b);
    let prefix = known.iter().zip(word).take_while(same).count();
    let suffix = known.iter().rev().zip(word.iter().rev()).take_while(same).count();
    let longest = known.len().max(word.len());
    let swapped = known.len() == word.len()
        && prefix + suffix + 2 == longest
        && known[prefix].eq_ignore_ascii_case(&word[prefix + 1])
        && known[prefix + 1].eq_ignore_ascii_case(&word[prefix]);
    swapped || prefix + suffix + 1 >= longest
}

/// Whether a word names an operator of comparisons, presence included.
pub(super) fn is_operator(word: &str) -> bool {
    Operator::from_word(word).is_some() || word.eq_ignore_ascii_case("pr")
}
