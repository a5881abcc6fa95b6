//! From tokens to a tree. Iterative: nesting lives in a list of open groups, not on the stack.

use super::ast::{Chain, Comparison, Expression, Literal, Logic, Negation, Operator, Path, Place, Predicate};
use super::lexer::{Gap, Kind, Lexer, LineBreaks, Mistake, Token};
use super::literal::ListBuilder;
use super::source::Source;
use super::{MAX_NESTING, Parse, Problem, hint, number};
use crate::diagnostic::Code;

/// After this many errors the rest of a query is not looked at.
const MAX_ERRORS: usize = 20;

/// Nothing more can be said about the condition at hand: a problem is reported.
struct Spoilt;

pub(super) struct Parser<'s> {
    lexer: Lexer<'s>,
    token: Token<'s>,
    groups: Vec<Group>,
    problems: Vec<Problem>,
    errors: usize,
    differs: bool,
}

/// A parenthesis, or the reach of a `not` without one, that is still open; the outermost one is the query.
struct Group {
    negation: Option<Place>,
    parenthesis: Option<Place>,
    conditions: Vec<Expression>,
    /// One less than the conditions, or as many before the next one is read.
    junctions: Vec<(Logic, Place)>,
}

/// What is expected next.
enum State {
    Condition,
    Junction,
    Done,
}

pub(super) fn parse(source: &Source<'_>, line_breaks: LineBreaks) -> Parse {
    let mut lexer = Lexer::new(source, line_breaks);
    let token = lexer.next();
    let parser = Parser {
        lexer,
        token,
        groups: Vec::new(),
        problems: Vec::new(),
        errors: 0,
        differs: false,
    };
    parser.query()
}

impl<'s> Parser<'s> {
    fn query(mut self) -> Parse {
        self.groups.push(Group::new(None, None));
        if self.token.kind == Kind::End {
            self.error(
                self.token.place,
                "the query is empty",
                "write a condition, like `key eq \"...\"`",
            );
            return Parse {
                expression: None,
                problems: self.problems,
            };
        }
        if self.token.gap != Gap::None {
            self.note(self.token.place);
        }
        let mut state = State::Condition;
        loop {
            if self.errors >= MAX_ERRORS {
                break;
            }
            state = match state {
                State::Condition => self.condition(),
                State::Junction => self.junction(),
                State::Done => break,
            };
        }
        let expression = if self.errors == 0 {
            self.groups.pop().and_then(|group| group.finish(&mut self.problems))
        } else {
            None
        };
        Parse {
            expression,
            problems: self.problems,
        }
    }

    /// A condition, or what opens a group of them.
    fn condition(&mut self) -> State {
        match self.token.kind {
            Kind::Open => {
                let parenthesis = self.advance().place;
                self.open(None, Some(parenthesis))
            }
            Kind::Word(word) if word.eq_ignore_ascii_case("not") && self.is_negation() => {
                let negation = self.advance();
                if !matches!(negation.kind, Kind::Word("not" | "NOT")) {
                    self.note(negation.place);
                }
                if self.token.kind == Kind::Open {
                    let parenthesis = self.advance().place;
                    return self.open(Some(negation.place), Some(parenthesis));
                }
                if self.token.gap == Gap::None {
                    self.note(negation.place.to(self.token.place));
                }
                self.warn(
                    Code::QueryBareNot,
                    negation.place,
                    "`not` without parentheses negates everything that follows on its level",
                    "put the condition that it negates in parentheses",
                );
                self.open(Some(negation.place), None)
            }
            Kind::Word(_) => match self.comparison() {
                Ok(comparison) => {
                    self.innermost().conditions.push(Expression::Comparison(comparison));
                    State::Junction
                }
                Err(Spoilt) => self.recover(),
            },
            Kind::End | Kind::Close => {
                // one gap in a broken query is enough to report
                if self.errors == 0 {
                    let place = self.token.place;
                    let message = format!("a condition is missing before {}", hint::describe(self.token.kind));
                    self.error(
                        place,
                        message,
                        "write a condition, like `attribute eq \"...\"`, or remove what joins it",
                    );
                }
                State::Junction
            }
            kind => {
                let place = self.token.place;
                let message = format!("a condition cannot begin with {}", hint::describe(kind));
                let hint = hint::for_kind(kind);
                self.error(
                    place,
                    message,
                    hint.unwrap_or_else(|| "begin with an attribute, `not` or `(`".to_owned()),
                );
                self.recover()
            }
        }
    }

    /// What follows a condition: `and`, `or`, `)` or the end.
    fn junction(&mut self) -> State {
        match self.token.kind {
            Kind::End => {
                while self.groups.len() > 1 {
                    // the innermost one speaks for all
                    if let Some(place) = self.close().filter(|_| self.errors == 0) {
                        self.error(
                            place,
                            "this parenthesis is not closed",
                            "add `)` where the condition ends",
                        );
                    }
                }
                State::Done
            }
            Kind::Close => {
                let closing = self.token;
                self.check_gap(matches!(closing.gap, Gap::None | Gap::Space), closing.place);
                loop {
                    if self.groups.len() == 1 {
                        if self.errors == 0 {
                            self.error(
                                closing.place,
                                "this parenthesis closes nothing",
                                "remove it, or open it with `(`",
                            );
                        }
                        break;
                    }
                    if self.close_at(closing.place).is_some() {
                        break;
                    }
                }
                self.advance();
                State::Junction
            }
            kind => {
                let Some(logic) = logic(kind) else {
                    let place = self.token.place;
                    let message = format!("`and` or `or` is missing before {}", hint::describe(kind));
                    self.error(place, message, hint::for_junction(kind));
                    return self.recover_after_junk();
                };
                let token = self.advance();
                if matches!(kind, Kind::Logic(_)) {
                    self.warn(
                        Code::QuerySymbolicLogic,
                        token.place,
                        format!(
                            "GO Feature Flag does not know this sign and drops what follows it; it is read as `{}`",
                            logic.name()
                        ),
                        format!("write `{}`", logic.name()),
                    );
                } else if !matches!(kind, Kind::Word("and" | "or")) {
                    self.note(token.place);
                }
                self.check_gap(token.gap == Gap::Space && self.token.gap == Gap::Space, token.place);
                self.innermost().junctions.push((logic, token.place));
                State::Condition
            }
        }
    }

    /// `path pr` or `path operator value`.
    fn comparison(&mut self) -> Result<Comparison, Spoilt> {
        let path = self.path()?;
        let token = self.token;
        self.check_gap(token.gap == Gap::Space, token.place);
        let operator = match token.kind {
            Kind::Word(word) if word.eq_ignore_ascii_case("pr") => {
                if word != "pr" {
                    self.note(token.place);
                }
                self.advance();
                return Ok(Comparison {
                    place: path.place.to(token.place),
                    path,
                    predicate: Predicate::Present,
                });
            }
            Kind::Operator(operator) => operator,
            kind => {
                let named = if let Kind::Word(word) = kind {
                    Operator::from_word(word).map(|found| (word, found))
                } else {
                    None
                };
                let Some((word, operator)) = named else {
                    return Err(self.no_operator(&path));
                };
                if word.bytes().any(|byte| byte.is_ascii_uppercase())
                    && word.bytes().any(|byte| byte.is_ascii_lowercase())
                {
                    self.note(token.place);
                }
                operator
            }
        };
        self.advance();
        self.check_gap(self.token.gap == Gap::Space, self.token.place);
        let (literal, literal_place) = self.literal(operator)?;
        let place = path.place.to(literal_place);
        Ok(Comparison {
            path,
            predicate: Predicate::Relation {
                operator,
                literal,
                literal_place,
            },
            place,
        })
    }

    fn no_operator(&mut self, path: &Path) -> Spoilt {
        let token = self.token;
        let (message, hint) = match token.kind {
            Kind::Word(word) if logic(token.kind).is_none() => (
                format!("{} is no operator", hint::describe(token.kind)),
                hint::for_operator(word, &path.to_string()),
            ),
            kind @ Kind::Mistake(Mistake::Equals | Mistake::NotEquals) => {
                let message = format!("`{path}` is followed by an operator that does not exist");
                (message, hint::for_kind(kind).unwrap_or_default())
            }
            kind => {
                let hint = hint::for_kind(kind).unwrap_or_else(|| {
                    format!("write `{path} pr` to ask whether it is there, or `{path} eq ...` to compare it")
                });
                (
                    format!("an operator is missing between `{path}` and {}", hint::describe(kind)),
                    hint,
                )
            }
        };
        self.error(token.place, message, hint);
        Spoilt
    }

    fn path(&mut self) -> Result<Path, Spoilt> {
        let mut place = self.token.place;
        let mut steps = Vec::new();
        loop {
            let Kind::Word(step) = self.token.kind else {
                let kind = self.token.kind;
                let message = format!("the name of an attribute is missing before {}", hint::describe(kind));
                self.error(self.token.place, message, "write names joined by dots, without spaces");
                return Err(Spoilt);
            };
            self.note_keyword(step);
            self.check_unbroken();
            steps.push(step.into());
            place = place.to(self.advance().place);
            if self.token.kind != Kind::Dot {
                return Ok(Path { steps, place });
            }
            let dot = self.advance();
            if dot.gap != Gap::None || self.token.gap != Gap::None {
                self.error(
                    dot.place,
                    "there is a space beside the dot",
                    "write names joined by dots, without spaces",
                );
                return Err(Spoilt);
            }
        }
    }

    /// GO Feature Flag refuses keywords in its own spelling as names.
    fn note_keyword(&mut self, name: &str) {
        let operator = |word: &str| {
            hint::is_operator(word)
                && word != "PR"
                && (word.bytes().all(|b| b.is_ascii_lowercase()) || word == word.to_ascii_uppercase())
        };
        if operator(name) || matches!(name, "not" | "NOT" | "and" | "or" | "true" | "false" | "null") {
            self.note(self.token.place);
        }
    }

    fn literal(&mut self, operator: Operator) -> Result<(Literal, Place), Spoilt> {
        let token = self.token;
        let literal = match token.kind {
            Kind::String(text) => Literal::String(text.into()),
            Kind::Number(text) => self.number(text)?,
            Kind::Word(word) => {
                let known = [
                    ("true", Literal::Bool(true)),
                    ("false", Literal::Bool(false)),
                    ("null", Literal::Null),
                ];
                let Some((name, literal)) = known.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(word)) else {
                    let hint = if logic(token.kind).is_some() {
                        "write a value before it".to_owned()
                    } else {
                        hint::for_value(word)
                    };
                    self.error(token.place, format!("{} is no value", hint::describe(token.kind)), hint);
                    return Err(Spoilt);
                };
                if name != word {
                    self.note(token.place);
                }
                literal
            }
            Kind::OpenList => return self.list(),
            kind => {
                let hint = match kind {
                    Kind::Open if operator == Operator::In => "lists stand in brackets: [\"a\", \"b\"]".to_owned(),
                    kind => hint::for_kind(kind).unwrap_or_else(|| {
                        "write a text in double quotes, a number, true, false, null or a list".to_owned()
                    }),
                };
                self.error(
                    token.place,
                    format!("a value is missing before {}", hint::describe(kind)),
                    hint,
                );
                return Err(Spoilt);
            }
        };
        self.check_unbroken();
        self.advance();
        Ok((literal, token.place))
    }

    fn number(&mut self, text: &str) -> Result<Literal, Spoilt> {
        match number::parse(text) {
            Ok(number) => {
                if number.whole_with_exponent {
                    self.note(self.token.place);
                }
                Ok(number.literal)
            }
            Err((message, hint)) => {
                self.error(self.token.place, message, hint);
                Err(Spoilt)
            }
        }
    }

    fn list(&mut self) -> Result<(Literal, Place), Spoilt> {
        let opening = self.advance();
        let mut list = ListBuilder::default();
        loop {
            let token = self.token;
            self.check_gap(token.gap == Gap::None || !list.is_empty(), token.place);
            let entry = match token.kind {
                Kind::String(text) => Literal::String(text.into()),
                Kind::Number(text) => self.number(text)?,
                Kind::CloseList => {
                    let (message, hint) = if list.is_empty() {
                        (
                            "a list needs at least one entry",
                            "write an entry, or remove the condition",
                        )
                    } else {
                        (
                            "an entry is missing after the comma",
                            "remove the comma, or write an entry",
                        )
                    };
                    self.error(token.place, message, hint);
                    return Err(Spoilt);
                }
                kind => {
                    let message = format!("a list cannot hold {}", hint::describe(kind));
                    let hint = hint::for_kind(kind)
                        .unwrap_or_else(|| "lists hold texts in double quotes, or numbers".to_owned());
                    self.error(token.place, message, hint);
                    return Err(Spoilt);
                }
            };
            self.check_unbroken();
            if matches!(entry, Literal::Integer(number) if number < 0) {
                self.note(token.place);
            }
            if let Err((message, hint)) = list.push(entry) {
                self.error(token.place, message, hint);
                return Err(Spoilt);
            }
            self.advance();
            self.check_gap(self.token.gap == Gap::None, self.token.place);
            match self.token.kind {
                Kind::Comma => {
                    self.advance();
                }
                Kind::CloseList => {
                    let closing = self.advance();
                    return Ok((list.finish(), opening.place.to(closing.place)));
                }
                kind => {
                    let message = format!("a comma or `]` is missing before {}", hint::describe(kind));
                    self.error(
                        self.token.place,
                        message,
                        "separate entries with commas and close the list with `]`",
                    );
                    return Err(Spoilt);
                }
            }
        }
    }

    /// Whether `not` negates what follows. It is an attribute's name where an operator follows that is not itself the name
    /// of an attribute.
    fn is_negation(&self) -> bool {
        let mut ahead = self.lexer;
        let next = ahead.next();
        match next.kind {
            Kind::Operator(_) => false,
            Kind::Dot => next.gap != Gap::None,
            Kind::Word(word) if hint::is_operator(word) => match ahead.next().kind {
                Kind::Operator(_) | Kind::Dot => true,
                Kind::Word(word) => hint::is_operator(word),
                _ => false,
            },
            _ => true,
        }
    }

    fn open(&mut self, negation: Option<Place>, parenthesis: Option<Place>) -> State {
        if self.groups.len() > MAX_NESTING {
            let place = negation.or(parenthesis).unwrap_or_default();
            self.error(
                place,
                format!("the query is nested more than {MAX_NESTING} levels deep"),
                "write it with fewer parentheses",
            );
            return State::Done;
        }
        if parenthesis.is_some() {
            self.check_gap(self.token.gap != Gap::Wider, self.token.place);
        }
        self.groups.push(Group::new(negation, parenthesis));
        State::Condition
    }

    /// Closes the innermost group at its last condition; its parenthesis, if it had one.
    fn close(&mut self) -> Option<Place> {
        let end = self
            .innermost()
            .conditions
            .last()
            .map(Expression::place)
            .unwrap_or_default();
        self.close_at(end)
    }

    fn close_at(&mut self, end: Place) -> Option<Place> {
        let group = self.groups.pop()?;
        let parenthesis = group.parenthesis;
        let end = if parenthesis.is_some() {
            end
        } else {
            group.conditions.last().map_or(end, Expression::place)
        };
        if let Some(expression) = group.finish_at(&mut self.problems, end) {
            self.innermost().conditions.push(expression);
        }
        parenthesis
    }

    fn innermost(&mut self) -> &mut Group {
        self.groups.last_mut().expect("the outermost group is closed last")
    }

    /// Skips to where the next condition may begin or end.
    fn recover(&mut self) -> State {
        while !matches!(self.token.kind, Kind::End | Kind::Close) && logic(self.token.kind).is_none() {
            self.advance();
        }
        State::Junction
    }

    /// The same, past at least one token.
    fn recover_after_junk(&mut self) -> State {
        self.advance();
        self.recover()
    }

    fn advance(&mut self) -> Token<'s> {
        std::mem::replace(&mut self.token, self.lexer.next())
    }

    /// GO Feature Flag reads what comes here in its own way unless the white space is as it wants it.
    fn check_gap(&mut self, as_wanted: bool, place: Place) {
        if !as_wanted {
            self.note(place);
        }
    }

    fn check_unbroken(&mut self) {
        if self.token.broken {
            let place = self.token.place;
            self.warn(
                Code::QueryJoinedLines,
                place,
                "a line break inside a word or a text is dropped, with the spaces after it",
                "write it on one line",
            );
        }
    }

    /// Remembers once that GO Feature Flag may read the query in another way.
    fn note(&mut self, place: Place) {
        if !std::mem::replace(&mut self.differs, true) {
            self.report(
                Code::QueryReadAsWritten,
                place,
                "this is read as written; GO Feature Flag may refuse it or drop what follows".to_owned(),
                "write lower-case keywords, one space between words, and numbers without exponents to be read alike by both".to_owned(),
            );
        }
    }

    fn warn(&mut self, code: Code, place: Place, message: impl Into<String>, hint: impl Into<String>) {
        // a query of many lines would otherwise say the same many times
        if self.problems.iter().filter(|problem| problem.code == code).count() < MAX_ERRORS {
            self.report(code, place, message.into(), hint.into());
        }
    }

    fn error(&mut self, place: Place, message: impl Into<String>, hint: impl Into<String>) {
        self.errors += 1;
        self.report(Code::QuerySyntax, place, message.into(), hint.into());
    }

    fn report(&mut self, code: Code, place: Place, message: String, hint: String) {
        self.problems.push(Problem::new(code, place, message, hint));
    }
}

impl Group {
    fn new(negation: Option<Place>, parenthesis: Option<Place>) -> Self {
        Self {
            negation,
            parenthesis,
            conditions: Vec::new(),
            junctions: Vec::new(),
        }
    }

    fn finish(self, problems: &mut Vec<Problem>) -> Option<Expression> {
        self.finish_at(problems, Place::default())
    }

    /// The expression it comes to, which ends at `end`; `None` when it holds no condition (that is reported).
    fn finish_at(self, problems: &mut Vec<Problem>, end: Place) -> Option<Expression> {
        let mixed = self.junctions.windows(2).find(|pair| pair[0].0 != pair[1].0);
        if let Some([_, (_, place)]) = mixed {
            problems.push(Problem::new(
                Code::QueryMixedLogic,
                *place,
                "`and` and `or` bind equally and are read from left to right".to_owned(),
                "put the conditions that belong together in parentheses".to_owned(),
            ));
        }
        let mut conditions = self.conditions.into_iter();
        let first = conditions.next()?;
        let rest: Vec<_> = self
            .junctions
            .into_iter()
            .map(|(logic, _)| logic)
            .zip(conditions)
            .collect();
        let expression = match rest.last() {
            None => first,
            Some((_, last)) => {
                let place = first.place().to(last.place());
                Expression::Chain(Chain {
                    first: Box::new(first),
                    rest,
                    place,
                })
            }
        };
        Some(match self.negation {
            None => expression,
            Some(negation) => Expression::Not(Negation {
                operand: Box::new(expression),
                place: negation.to(end),
            }),
        })
    }
}

/// `and` and `or`, in any case, and their signs.
fn logic(kind: Kind<'_>) -> Option<Logic> {
    match kind {
        Kind::Logic(logic) => Some(logic),
        Kind::Word(word) => [Logic::And, Logic::Or]
            .into_iter()
            .find(|logic| logic.name().eq_ignore_ascii_case(word)),
        _ => None,
    }
}
