//! What queries are read as, and what is said about those that cannot be read.

use flagstaff_definition::diagnostic::{Code, Severity};
use flagstaff_definition::query::{MAX_NESTING, Parse, Problem, join_lines, parse};
use proptest::prelude::*;

/// What a query is read as, in its plainest spelling.
fn check(query: &str, expected: &str) {
    let parse = parse(query);
    let read = parse.expression.map(|expression| expression.to_string());
    assert_eq!(read.as_deref(), Some(expected), "{query:?}: {:#?}", parse.problems);
}

/// The text that the first error marks, and its hint.
fn check_error(query: &str, marked: &str, hint: &str) {
    let parse = parse(query);
    assert_eq!(parse.expression, None, "{query:?}");
    let error = errors(&parse).next().expect("a rejected query has an error");
    let found = (&query[error.start..error.end], error.hint.as_deref().unwrap_or(""));
    assert_eq!(found, (marked, hint), "{query:?}: {}", error.message);
}

/// The findings about a query that is read: their codes and what they mark.
fn check_findings(query: &str, expected: &[(Code, &str)]) {
    let parse = parse(query);
    assert!(parse.expression.is_some(), "{query:?}: {:#?}", parse.problems);
    let found: Vec<_> = parse
        .problems
        .iter()
        .map(|found| (found.code, &query[found.start..found.end]))
        .collect();
    assert_eq!(found, expected, "{query:?}");
}

fn errors(parse: &Parse) -> impl Iterator<Item = &Problem> {
    parse
        .problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
}

#[test]
fn comparisons_are_read() {
    for query in [
        "x pr",
        "a.b-c.d_e:f pr",
        "x eq null",
        "x ne true",
        "x eq -5",
        "x gt 1.5",
        "x gt 0.00000015",
        "x gt 1.0.0-rc.1+build.5",
        r#"x co """#,
        r#"x sw "a\"\\\u00e9é""#,
        "x in [1, 2, 3]",
        "x in [-1.0, 2.5]",
        r#"x in ["a", "b"]"#,
        "x eq 99999999999999999999",
    ] {
        check(query, query);
    }
    for (query, expected) in [
        ("x == 1", "x eq 1"),
        ("x != 1", "x ne 1"),
        ("x < 1", "x lt 1"),
        ("x <= 1", "x le 1"),
        ("x > 1", "x gt 1"),
        ("x >= 1", "x ge 1"),
        ("x EQ 1", "x eq 1"),
        ("x gt 1.5e2", "x gt 150.0"),
        ("x gt -1.0e999", "x gt -1.0e999"),
        ("x eq 1e3", "x eq 1000"),
        ("x in [1,2 , 3 ]", "x in [1, 2, 3]"),
        ("x in [-1, 2]", "x in [-1, 2]"),
    ] {
        check(query, expected);
    }
}

#[test]
fn conditions_are_joined_from_left_to_right() {
    for (query, expected) in [
        ("a pr and b pr or c pr", "a pr and b pr or c pr"),
        ("a pr or (b pr and c pr)", "a pr or (b pr and c pr)"),
        ("((a pr)) and (b pr)", "a pr and b pr"),
        ("not (a pr) and b pr", "not (a pr) and b pr"),
        ("not(a pr or b pr)", "not (a pr or b pr)"),
        ("not a pr and b pr", "not (a pr and b pr)"),
        ("c pr or not a pr and b pr", "c pr or not (a pr and b pr)"),
        ("(not a pr and b pr) or c pr", "not (a pr and b pr) or c pr"),
        ("not not (a pr) and b pr", "not (not (a pr) and b pr)"),
    ] {
        check(query, expected);
    }
}

#[test]
fn keywords_and_white_space_are_free() {
    for (query, expected) in [
        ("a pr AND b pr Or c PR", "a pr and b pr or c pr"),
        ("a Eq True and b eQ NULL", "a eq true and b eq null"),
        ("NOT (a pr) and Not(b pr)", "not (a pr) and not (b pr)"),
        ("a pr && b pr||c pr", "a pr and b pr or c pr"),
        ("  a\teq  1   and\tb   pr \t", "a eq 1 and b pr"),
        ("(a pr)and(b pr)", "a pr and b pr"),
        ("a==1 and b>=\"x\"", r#"a eq 1 and b ge "x""#),
        ("a in[1]", "a in [1]"),
    ] {
        check(query, expected);
    }
}

#[test]
fn line_breaks_set_words_apart() {
    for (query, expected) in [
        ("a eq 1\nand b eq 2", "a eq 1 and b eq 2"),
        ("a eq 1 and\n  b eq 2", "a eq 1 and b eq 2"),
        ("a eq 1\r\nand b eq 2\r\n", "a eq 1 and b eq 2"),
        ("not\na pr", "not (a pr)"),
        ("a in [\n  1,\n  2\n]\n", "a in [1, 2]"),
        ("\n\n(\na pr\n)\n", "a pr"),
    ] {
        check(query, expected);
    }
}

#[test]
fn words_go_on_in_the_next_line_where_nothing_else_makes_sense() {
    for (query, expected) in [
        ("company.na\n  me pr", "company.name pr"),
        ("a eq 1\n0", "a eq 10"),
        ("a eq 1.4\n.0", "a eq 1.4.0"),
        ("a eq \"one\n   two\"", r#"a eq "onetwo""#),
        ("a eq \"one \n two\"\nand b pr", r#"a eq "one two" and b pr"#),
    ] {
        check(query, expected);
        assert!(
            parse(query)
                .problems
                .iter()
                .any(|found| found.code == Code::QueryJoinedLines),
            "{query:?}"
        );
    }
}

#[test]
fn keywords_are_names_where_they_cannot_be_anything_else() {
    for query in [
        "in eq 1",
        "x.in eq 1",
        "addr.co pr",
        "pr pr",
        "null ne null",
        "true eq true",
        "and eq 1 and or eq 2",
        "not eq 1",
        "not pr",
        "not.in pr",
        r#"not in ["a"]"#,
        "AND pr",
    ] {
        check(query, query);
    }
    check("not pr eq 1", "not (pr eq 1)");
    check("not in.x pr", "not (in.x pr)");
    check("not eq eq 1", "not (eq eq 1)");
    check("Not pr", "Not pr");
}

#[test]
fn mistakes_are_marked_and_explained() {
    for (query, marked, hint) in [
        ("", "", r#"write a condition, like `key eq "..."`"#),
        (" \n ", "", r#"write a condition, like `key eq "..."`"#),
        ("x = 1", "=", "write `eq` or `==`"),
        ("x === 1", "===", "write `eq` or `==`"),
        ("x <> 1", "<>", "write `ne` or `!=`"),
        ("!(x eq 1)", "!", "negate with `not (...)`"),
        ("x eq 1 &&!(y eq 1)", "!", "negate with `not (...)`"),
        ("x eq 1 & y eq 1", "&", "write `and`"),
        ("x eq 1, y eq 2", ",", "join conditions with `and` or `or`"),
        ("x eq 1; y eq 2", ";", "join conditions with `and` or `or`"),
        ("x eq 1 nad y eq 2", "nad", "did you mean `and`?"),
        ("x eq 1 andy eq 2", "andy", "did you mean `and`?"),
        ("x equals 1", "equals", "did you mean `eq`?"),
        ("x contains \"a\"", "contains", "did you mean `co`?"),
        ("x startswith \"a\"", "startswith", "did you mean `sw`?"),
        ("x qe 1", "qe", "did you mean `eq`?"),
        ("x nin [1]", "nin", "write `not (x in [...])`"),
        (
            "x not in [1]",
            "not",
            "write `not (x in ...)`: `not` stands before a condition in parentheses",
        ),
        (
            "x matches \"a*\"",
            "matches",
            "there are no patterns: use `co`, `sw` or `ew`, or JsonLogic",
        ),
        (
            "x",
            "",
            "write `x pr` to ask whether it is there, or `x eq ...` to compare it",
        ),
        (
            "x eq",
            "",
            "write a text in double quotes, a number, true, false, null or a list",
        ),
        ("x eq 'a'", "'a'", "put texts in double quotes"),
        (
            "x eq abc",
            "abc",
            "put texts in double quotes: \"abc\" (an attribute cannot be compared with another)",
        ),
        ("x eq treu", "treu", "did you mean `true`?"),
        ("x eq \"a", "\"a", "close the text with a double quote"),
        (
            r#"x eq "a\q""#,
            r#""a\q""#,
            r#"a backslash stands only before " \ / b f n r t, or before u and four hexadecimal digits"#,
        ),
        (
            "x eq 01",
            "01",
            "write the number `1`, or put quotes around it to mean the text",
        ),
        (
            "x eq 2024-01-01",
            "2024-01-01",
            "put dates in quotes: \"2024-01-01\" (they are compared as texts)",
        ),
        (
            "x eq 1.2.3.4",
            "1.2.3.4",
            "put quotes around it to mean the text: \"1.2.3.4\"",
        ),
        ("x eq +5", "+", "write numbers without a plus sign"),
        ("x eq - 5", "-", "a minus sign stands directly before its number"),
        ("x in []", "]", "write an entry, or remove the condition"),
        ("x in [1, 2.0]", "2.0", "write all of them with a fraction, like 2.0"),
        (
            "x in [1, \"a\"]",
            "\"a\"",
            "write all of them as texts in double quotes, or all as numbers",
        ),
        ("x in [1,]", "]", "remove the comma, or write an entry"),
        (
            "x in [1",
            "",
            "separate entries with commas and close the list with `]`",
        ),
        ("x in (1)", "(", r#"lists stand in brackets: ["a", "b"]"#),
        ("(x eq 1", "(", "add `)` where the condition ends"),
        ("x eq 1)", ")", "remove it, or open it with `(`"),
        (
            "()",
            ")",
            "write a condition, like `attribute eq \"...\"`, or remove what joins it",
        ),
        (
            "x pr and",
            "",
            "write a condition, like `attribute eq \"...\"`, or remove what joins it",
        ),
        ("a . b pr", ".", "write names joined by dots, without spaces"),
        (
            "_x pr",
            "_",
            "an attribute's name begins with a letter from a to z; use JsonLogic for other names",
        ),
        ("x\u{a0}eq 1", "\u{a0}", "write an ordinary space"),
    ] {
        check_error(query, marked, hint);
    }
}

#[test]
fn every_broken_condition_is_reported_once() {
    let query = "a = 1 and b eq 1 or (c eq 'x' and d pr) and e equals 01";
    let parse = parse(query);
    let marked: Vec<_> = errors(&parse).map(|error| &query[error.start..error.end]).collect();
    assert_eq!(marked, ["=", "'x'", "equals"]);
}

#[test]
fn what_is_read_otherwise_than_it_seems_is_said() {
    check_findings(r#"a eq 1 and (b pr or not (c in ["x",  "y"]))"#, &[]);
    check_findings("a pr or b pr and c pr", &[(Code::QueryMixedLogic, "and")]);
    check_findings("a pr or (b pr and c pr)", &[]);
    check_findings("not a pr", &[(Code::QueryBareNot, "not")]);
    check_findings("a pr && b pr", &[(Code::QuerySymbolicLogic, "&&")]);
    for (query, marked) in [
        ("a pr AND b pr", "AND"),
        ("a pr  and b pr", "and"),
        ("a\teq 1", "eq"),
        ("a pr\nand b pr", "and"),
        ("a eq TRUE", "TRUE"),
        ("a Eq 1", "Eq"),
        ("a.in pr", "in"),
        ("a eq 1e3", "1e3"),
        ("a in [-1, 2]", "-1"),
        ("a pr and(b pr)", "and"),
    ] {
        check_findings(query, &[(Code::QueryReadAsWritten, marked)]);
    }
}

#[test]
fn places_are_those_of_the_text_as_written() {
    let query = "\n   a eq 1\n   and bb = 2\n";
    let parse = parse(query);
    let error = errors(&parse).next().expect("an error");
    assert_eq!((&query[error.start..error.end], error.start), ("=", 21));
}

#[test]
fn lines_are_joined_as_go_feature_flag_joins_them() {
    for (text, joined) in [
        ("", ""),
        ("  \n\n  ", ""),
        (" a \n  b\n", "a b"),
        ("\ta\r\n b", "\ta\rb"),
        ("{\n  \"==\": [1, 1]\n}", "{\"==\": [1, 1]}"),
    ] {
        assert_eq!(join_lines(text), joined, "{text:?}");
    }
}

#[test]
fn long_queries_are_read_and_deep_ones_refused() {
    let long = vec!["x pr"; 100_000].join(" and ");
    assert!(parse(&long).expression.is_some());
    let entries: Vec<_> = (0..100_000).map(|n| format!("\"user-{n}\"")).collect();
    assert!(parse(&format!("key in [{}]", entries.join(","))).expression.is_some());
    let deep = |opening: &str, times: usize| {
        let parse = parse(&format!("{}x pr{}", opening.repeat(times), ")".repeat(times)));
        // as deep trees are, they can be printed, compared, cloned and dropped
        if let Some(expression) = parse.expression {
            assert_eq!(expression, expression.clone());
            assert!(!expression.to_string().is_empty());
        }
        parse
            .problems
            .into_iter()
            .find(|problem| problem.severity == Severity::Error)
    };
    for opening in ["(", "not (", "y pr or (z pr and ("] {
        let levels = opening.matches('(').count();
        let closed = MAX_NESTING / levels;
        if levels == 1 {
            assert_eq!(deep(opening, closed), None, "{opening}");
        }
        let refused = deep(opening, 10_000_000 / opening.len()).expect("too deep");
        assert!(refused.message.contains("nested"), "{refused:?}");
    }
    for endless in [
        "not ",
        "[",
        "\"",
        "a.",
        "!",
        "x eq 'a' ",
        "x pr and ",
        ") ",
        "\n",
        "\u{a0}",
        "-",
        "1",
        "x in [1,",
    ] {
        let text = endless.repeat(1_000_000 / endless.len());
        let parse = parse(&text);
        assert!(
            parse.expression.is_none() && !parse.problems.is_empty() && parse.problems.len() < 100,
            "{endless:?}"
        );
    }
}

/// Texts made of what queries are made of.
fn queryish() -> impl Strategy<Value = String> {
    let pieces = [
        "x",
        "a.b",
        "not",
        "NOT",
        "and",
        "or",
        "AND",
        "&&",
        "||",
        "pr",
        "eq",
        "==",
        "!=",
        "<",
        "in",
        "co",
        "Eq",
        "true",
        "null",
        "1",
        "-5",
        "1.5",
        "1e5",
        "1.2.3",
        "01",
        "\"a\"",
        "\"\\\"",
        "\"",
        "'",
        "[",
        "]",
        "(",
        ")",
        ",",
        ".",
        "!",
        "\n",
        "\t",
        " ",
        " ",
        " ",
        "é",
        "[1, 2]",
        "[\"a\",\"b\"]",
        "x pr",
        "y eq 1",
        " and ",
        " or ",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..24).prop_map(|pieces| pieces.concat())
}

/// A rejected query has an error with a hint; whatever is found lies inside the text.
fn check_places(text: &str) {
    let parse = parse(text);
    assert_eq!(parse.expression.is_none(), errors(&parse).next().is_some(), "{text:?}");
    for found in &parse.problems {
        assert!(
            found.start <= found.end && text.get(found.start..found.end).is_some(),
            "{text:?}: {found:?}"
        );
        assert!(found.hint.is_some());
    }
}

/// Conditions in the plainest spelling.
fn condition() -> impl Strategy<Value = String> {
    let name = || prop::sample::select(vec!["x", "a.b", "in", "not", "pr", "and.or", "true", "x-1", "N:o_t"]);
    let number = prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        any::<i32>().prop_map(|n| format!("{:?}", f64::from(n) / 8.0))
    ];
    let text = || "\"([ a-zé(),]|\\\\\"|\\\\u00e9){0,5}\"";
    let value = prop_oneof![
        number,
        text(),
        Just("true".to_owned()),
        Just("null".to_owned()),
        Just("1.2.3-rc.1".to_owned()),
        prop::collection::vec(text(), 1..4).prop_map(|entries| format!("[{}]", entries.join(", "))),
        prop::collection::vec(any::<i8>(), 1..4).prop_map(|entries| format!("{entries:?}")),
    ];
    let operator = prop::sample::select(vec!["eq", "ne", "lt", "le", "gt", "ge", "co", "sw", "ew", "in"]);
    let leaf = prop_oneof![
        name().prop_map(|name| format!("{name} pr")),
        (name(), operator, value).prop_map(|(name, operator, value)| format!("{name} {operator} {value}")),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let member = prop_oneof![
            inner.clone().prop_map(|condition| format!("({condition})")),
            inner.prop_map(|condition| format!("not ({condition})")),
        ];
        (member.clone(), prop::collection::vec((prop::bool::ANY, member), 0..4)).prop_map(|(first, rest)| {
            rest.into_iter().fold(first, |chain, (and, member)| {
                format!("{chain} {} {member}", if and { "and" } else { "or" })
            })
        })
    })
}

proptest! {
    #[test]
    fn nothing_panics_and_places_lie_inside(query in queryish(), bytes in prop::collection::vec(any::<u8>(), 0..64), text in "\\PC{0,32}") {
        check_places(&query);
        check_places(&String::from_utf8_lossy(&bytes));
        check_places(&text);
    }

    #[test]
    fn what_is_printed_is_read_back(query in condition(), odd in queryish()) {
        let read = parse(&query).expression;
        prop_assert!(read.is_some(), "{}", query);
        for expression in read.into_iter().chain(parse(&odd).expression) {
            let printed = expression.to_string();
            prop_assert_eq!(parse(&printed).expression, Some(expression), "{}", printed);
        }
    }

    #[test]
    fn white_space_and_line_breaks_between_words_change_nothing(query in condition(), gap in "[ \\t\\r\\n]{1,3}") {
        // blanks of texts are not blanks between words
        prop_assume!(!query.contains('"'));
        let spread = parse(&query.replace(' ', &gap)).expression;
        prop_assert_eq!(spread, parse(&query).expression);
    }
}
