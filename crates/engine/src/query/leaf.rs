//! One comparison: an operator and a literal, made ready to be held against an attribute.
//!
//! The type of the literal decides what an operator means, and which attributes it takes: an attribute of another type makes
//! the comparison false, `ne` included (evaluation.md 5.4).

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use flagstaff_definition::query::{Literal, Operator, Predicate, Version};

use super::fold::{self, Needle};
use crate::attribute::Attribute;

/// Orderings that make a comparison true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Entries of a long list. Hashed without a random seed: they come from flag files, not from whoever is evaluated.
type Set<T> = HashSet<T, foldhash::fast::FixedState>;

/// A comparison; the frequent ones first, long lists as sets that rules can share.
#[derive(Debug)]
pub(super) enum Leaf {
    Present,
    /// Text equal but for its case; the literal is in lower case.
    TextEqual(Box<str>),
    Text(Relation, Box<str>),
    Contains(Needle),
    StartsWith(Box<str>),
    EndsWith(Box<str>),
    Bool {
        value: bool,
        equal: bool,
    },
    Integer(Relation, i64),
    Double(Relation, f64),
    Version(Relation, Version<'static>),
    Null {
        equal: bool,
    },
    /// Membership of texts; case counts.
    FewTexts(Box<[Arc<str>]>),
    ManyTexts(Arc<Set<Arc<str>>>),
    /// Membership of whole numbers, which only top-level whole numbers can have.
    FewIntegers(Box<[i64]>),
    ManyIntegers(Arc<Set<i64>>),
    /// Membership of numbers, by their bits (and one zero).
    Doubles(Arc<Set<u64>>),
    /// False for every attribute.
    Never,
    /// Cannot be decided for any attribute.
    Undecided(&'static str),
}

/// Lists up to this length are searched from one end.
const FEW: usize = 8;

/// What can be said about a comparison without its attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nature {
    /// It is true for some attributes.
    Open,
    /// The same, and it compares with one whole number, or with numbers that have fractions.
    Whole,
    Fraction,
    /// It is true where the attribute is missing.
    Absence,
    /// It is false for every attribute.
    Never,
    /// It cannot be decided for any attribute, for this reason.
    Undecided(&'static str),
}

impl Leaf {
    /// What can be said without the attribute, which is `nested` when it stands inside an object: numbers there are never
    /// whole ones.
    pub(super) fn nature(&self, nested: bool) -> Nature {
        match self {
            Self::Never => Nature::Never,
            Self::FewIntegers(_) | Self::ManyIntegers(_) if nested => Nature::Never,
            Self::Undecided(reason) => Nature::Undecided(reason),
            Self::Integer(..) => Nature::Whole,
            Self::Double(..) | Self::Doubles(_) => Nature::Fraction,
            Self::Null { equal: true } => Nature::Absence,
            _ => Nature::Open,
        }
    }

    /// Why it cannot be decided; empty when it can.
    pub(super) fn undecided(&self) -> &'static str {
        match self {
            Self::Undecided(reason) => reason,
            _ => "",
        }
    }

    pub(super) fn compile(predicate: &Predicate) -> Self {
        let Predicate::Relation { operator, literal, .. } = predicate else {
            return Self::Present;
        };
        let relation = Relation::of(*operator);
        match (literal, relation) {
            (Literal::Null, Some(Relation::Equal)) => Self::Null { equal: true },
            (Literal::Null, Some(Relation::NotEqual)) => Self::Null { equal: false },
            (Literal::Null, _) => Self::Undecided("null can only be compared with eq and ne"),
            (Literal::Bool(value), Some(Relation::Equal)) => Self::Bool {
                value: *value,
                equal: true,
            },
            (Literal::Bool(value), Some(Relation::NotEqual)) => Self::Bool {
                value: *value,
                equal: false,
            },
            (Literal::Bool(_), _) => Self::Undecided("true and false can only be compared with eq and ne"),
            (Literal::String(text), _) => Self::text(*operator, relation, text),
            (Literal::Oversized(_), _) => Self::Undecided("the whole number does not fit into 64 bits"),
            (Literal::Integer(number), Some(relation)) => Self::Integer(relation, *number),
            (Literal::Double(number), Some(_)) if !number.is_finite() => Self::Never,
            (Literal::Double(number), Some(relation)) => Self::Double(relation, *number),
            (Literal::Version(text), Some(relation)) => match Version::parse(text) {
                Ok(version) => Self::Version(relation, version.into_owned()),
                // it has a number that needs more than 64 bits, which no attribute has that can be read
                Err(_) => Self::Never,
            },
            (Literal::Version(_), None) => {
                Self::Undecided("a version can only be compared with eq, ne, lt, le, gt and ge")
            }
            (Literal::Integer(_) | Literal::Double(_), None) if *operator == Operator::In => Self::Never,
            (Literal::Integer(_) | Literal::Double(_) | Literal::Integers(_) | Literal::Doubles(_), None)
                if *operator != Operator::In =>
            {
                Self::Undecided("co, sw and ew compare texts only")
            }
            (Literal::Integers(entries), None) => Self::integers(entries),
            (Literal::Doubles(entries), None) => Self::Doubles(Arc::new(entries.iter().copied().map(bits).collect())),
            (Literal::Strings(entries), None) if *operator == Operator::In => Self::texts(entries),
            (Literal::Integers(_) | Literal::Doubles(_) | Literal::Strings(_), _) => Self::Never,
            (Literal::Integer(_) | Literal::Double(_), None) => Self::Never,
        }
    }

    fn text(operator: Operator, relation: Option<Relation>, text: &str) -> Self {
        match (operator, relation) {
            (_, Some(Relation::Equal)) => Self::TextEqual(fold::lowered(text)),
            (_, Some(relation)) => Self::Text(relation, fold::lowered(text)),
            (Operator::Contains, None) => Self::Contains(Needle::new(text)),
            (Operator::StartsWith, None) => Self::StartsWith(fold::lowered(text)),
            (Operator::EndsWith, None) => Self::EndsWith(fold::lowered(text)),
            _ => Self::Never,
        }
    }

    fn texts(entries: &[Arc<str>]) -> Self {
        if entries.len() <= FEW {
            return Self::FewTexts(entries.into());
        }
        Self::ManyTexts(Arc::new(entries.iter().cloned().collect()))
    }

    fn integers(entries: &[i64]) -> Self {
        if entries.len() <= FEW {
            return Self::FewIntegers(entries.into());
        }
        Self::ManyIntegers(Arc::new(entries.iter().copied().collect()))
    }

    /// Holds the comparison against an attribute; one that cannot be reached is missing, which is like null. `None` when it
    /// cannot be decided, see [`Self::nature`].
    #[inline]
    pub(super) fn test(&self, attribute: Option<Attribute<'_>>) -> Option<bool> {
        let missing = matches!(attribute, None | Some(Attribute::Null));
        Some(match (self, attribute) {
            (Self::Undecided(_), _) => return None,
            (Self::Present, _) => !missing,
            (Self::Null { equal }, _) => missing == *equal,
            (_, Some(Attribute::String(text))) => self.test_text(text),
            (Self::Bool { value, equal }, Some(Attribute::Bool(attribute))) => (attribute == *value) == *equal,
            (_, Some(Attribute::Int(number))) => self.test_integer(number),
            (_, Some(Attribute::Float(number))) => self.test_double(number),
            _ => false,
        })
    }

    #[inline]
    fn test_text(&self, text: &str) -> bool {
        match self {
            Self::TextEqual(literal) => fold::equals(text, literal),
            Self::Text(Relation::NotEqual, literal) => !fold::equals(text, literal),
            Self::Text(relation, literal) => relation.holds(fold::compare(text, literal)),
            Self::Contains(needle) => needle.is_in(text),
            Self::StartsWith(literal) => fold::starts_with(text, literal),
            Self::EndsWith(literal) => fold::ends_with(text, literal),
            Self::FewTexts(entries) => entries.iter().any(|entry| **entry == *text),
            Self::ManyTexts(entries) => entries.contains(text),
            Self::Version(relation, literal) => {
                Version::parse(text).is_ok_and(|version| relation.holds(version.precedence(literal)))
            }
            _ => false,
        }
    }

    #[inline]
    fn test_integer(&self, number: i64) -> bool {
        match self {
            Self::Integer(relation, literal) => relation.holds(number.cmp(literal)),
            Self::FewIntegers(entries) => entries.contains(&number),
            Self::ManyIntegers(entries) => entries.contains(&number),
            _ => self.test_number(number as f64),
        }
    }

    /// A number with a fraction is cut to a whole one where it is compared with one (toward zero). What Go makes of one beyond
    /// 64 bits depends on the processor; here it is the largest or smallest integer.
    #[inline]
    fn test_double(&self, number: f64) -> bool {
        match self {
            Self::Integer(relation, literal) => relation.holds((number as i64).cmp(literal)),
            _ => self.test_number(number),
        }
    }

    fn test_number(&self, number: f64) -> bool {
        match self {
            Self::Double(relation, literal) => match number.partial_cmp(literal) {
                Some(order) => relation.holds(order),
                // what is not a number is unequal to any
                None => *relation == Relation::NotEqual,
            },
            Self::Doubles(entries) => entries.contains(&bits(number)),
            _ => false,
        }
    }
}

impl Relation {
    fn of(operator: Operator) -> Option<Self> {
        Some(match operator {
            Operator::Equal => Self::Equal,
            Operator::NotEqual => Self::NotEqual,
            Operator::Less => Self::Less,
            Operator::LessOrEqual => Self::LessOrEqual,
            Operator::Greater => Self::Greater,
            Operator::GreaterOrEqual => Self::GreaterOrEqual,
            Operator::Contains | Operator::StartsWith | Operator::EndsWith | Operator::In => return None,
        })
    }

    #[inline]
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// The bits of a number, so that equal numbers have equal bits.
fn bits(number: f64) -> u64 {
    if number == 0.0 { 0 } else { number.to_bits() }
}
