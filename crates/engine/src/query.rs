//! Queries compiled to matchers.
//!
//! A matcher is a list of tests in the order in which they are written. Each test says where to go on when it is true and
//! where when it is false, always further down, so that evaluating a query is one loop: `and`, `or`, `not` and parentheses
//! cost nothing, and however deep a query is nested, the stack does not grow.

use flagstaff_definition::query::{Chain, Comparison, Expression, Logic};

use crate::attribute::{Attribute, AttributeTable, Lookup, Operand};
use crate::observe::{Observer, Verdict};

mod fold;
mod leaf;

use leaf::Leaf;
pub(crate) use leaf::Nature;

/// A compiled query.
#[derive(Debug)]
pub struct Matcher {
    steps: Box<[Step]>,
    negates: bool,
}

/// A query that cannot be decided, so that the whole of it is false.
#[derive(Debug, Clone, PartialEq)]
pub struct Invalid {
    /// Why, in words.
    pub message: String,
    /// Place of the comparison in the query's text.
    pub span: (u32, u32),
}

/// One comparison and what follows it.
#[derive(Debug)]
struct Step {
    operand: Operand,
    leaf: Leaf,
    on_true: Target,
    on_false: Target,
    span: (u32, u32),
}

/// Index of the next step, or one of the two ends.
type Target = u32;

/// The query is true.
const TRUE: Target = Target::MAX;
/// The query is false.
const FALSE: Target = Target::MAX - 1;

impl Matcher {
    /// Compiles a syntax tree.
    pub fn compile(expression: &Expression, table: &mut AttributeTable) -> Self {
        let mut compiler = Compiler {
            steps: Vec::new(),
            negates: false,
            table,
        };
        compiler.emit(expression, TRUE, FALSE);
        let Compiler { mut steps, negates, .. } = compiler;
        let last = steps.len() as Target - 1;
        let forwards = |target: Target| if target < FALSE { last - target } else { target };
        for step in &mut steps {
            step.on_true = forwards(step.on_true);
            step.on_false = forwards(step.on_false);
        }
        steps.reverse();
        Self {
            steps: steps.into(),
            negates,
        }
    }

    /// Whether the query is true. A comparison that cannot be decided makes the whole query false, under `not` too. Allocates
    /// nothing.
    pub fn matches<L: Lookup, O: Observer>(&self, lookup: &L, observer: &mut O) -> bool {
        self.run(|operand| lookup.operand(operand), observer).unwrap_or(false)
    }

    /// Whether it negates anything.
    pub(crate) fn negates(&self) -> bool {
        self.negates
    }

    /// Visits every comparison from left to right: its attribute, what can be said about it, and its place in the query's text.
    pub(crate) fn for_each_comparison<'m>(&'m self, visit: &mut impl FnMut(&'m Operand, Nature, (u32, u32))) {
        for Step {
            operand, leaf, span, ..
        } in &self.steps
        {
            visit(operand, leaf.nature(operand.path.len() > 1), *span);
        }
    }

    /// What running the query on an empty context comes to: GO Feature Flag refuses a flag whose query errs there.
    pub fn check_on_empty(&self) -> Result<(), Invalid> {
        match self.run(|_| None, &mut ()) {
            Ok(_) => Ok(()),
            Err(step) => Err(Invalid {
                message: step.leaf.undecided().to_owned(),
                span: step.span,
            }),
        }
    }

    /// Goes through the steps; an error is the one that cannot be decided.
    #[inline]
    fn run<'a, O: Observer>(
        &self,
        find: impl Fn(&Operand) -> Option<Attribute<'a>>,
        observer: &mut O,
    ) -> Result<bool, &Step> {
        let mut next = 0;
        while let Some(step) = self.steps.get(next as usize) {
            let attribute = find(&step.operand);
            let (verdict, target) = match step.leaf.test(attribute) {
                Some(true) => (Verdict::Decided, step.on_true),
                Some(false) => (Verdict::GoOn, step.on_false),
                None => (Verdict::Failed, FALSE),
            };
            observer.comparison(step.span, &step.operand, attribute, verdict);
            if verdict == Verdict::Failed {
                return Err(step);
            }
            next = target;
        }
        Ok(next == TRUE)
    }
}

/// Writes the steps from the last to the first, since each needs to know where those after it stand.
struct Compiler<'t> {
    steps: Vec<Step>,
    negates: bool,
    table: &'t mut AttributeTable,
}

impl Compiler<'_> {
    /// Emits an expression that goes on at one of two targets, and returns where it begins. Recursion is bounded by
    /// [`flagstaff_definition::query::MAX_NESTING`].
    fn emit(&mut self, expression: &Expression, on_true: Target, on_false: Target) -> Target {
        match expression {
            Expression::Comparison(comparison) => self.emit_comparison(comparison, on_true, on_false),
            Expression::Not(negation) => {
                self.negates = true;
                self.emit(&negation.operand, on_false, on_true)
            }
            Expression::Chain(chain) => self.emit_chain(chain, on_true, on_false),
        }
    }

    /// `(a or b) and c`: the last junction is the outermost one and decides where what stands before it goes on.
    fn emit_chain(&mut self, chain: &Chain, mut on_true: Target, mut on_false: Target) -> Target {
        for (logic, condition) in chain.rest.iter().rev() {
            let start = self.emit(condition, on_true, on_false);
            match logic {
                Logic::And => on_true = start,
                Logic::Or => on_false = start,
            }
        }
        self.emit(&chain.first, on_true, on_false)
    }

    fn emit_comparison(&mut self, comparison: &Comparison, on_true: Target, on_false: Target) -> Target {
        let operand = self.table.operand(&comparison.path.steps);
        let span = (comparison.place.start, comparison.place.end);
        self.steps.push(Step {
            operand,
            leaf: Leaf::compile(&comparison.predicate),
            on_true,
            on_false,
            span,
        });
        self.steps.len() as Target - 1
    }
}

#[cfg(test)]
mod tests {
    use flagstaff_definition::query::parse;

    use super::*;

    /// Evaluates a query whose attributes `t`, `f` and `e` are true, false and in error, and returns what was looked at.
    fn trace(query: &str) -> (bool, String) {
        #[derive(Default)]
        struct Trace(String);
        impl Observer for Trace {
            fn comparison(&mut self, _: (u32, u32), operand: &Operand, _: Option<Attribute<'_>>, _: Verdict) {
                self.0.push_str(&operand.path[0]);
            }
        }
        let query: String = query
            .split(' ')
            .map(|word| match word.trim_matches(['(', ')']) {
                "t" => word.replace('t', "t eq true") + " ",
                "f" => word.replace('f', "f eq true") + " ",
                "e" => word.replace('e', "e gt true") + " ",
                _ => format!("{word} "),
            })
            .collect();
        let matcher = Matcher::compile(
            &parse(&query).expression.expect("a valid query"),
            &mut AttributeTable::default(),
        );
        let mut trace = Trace::default();
        let find = |operand: &Operand| (&*operand.path[0] == "t").then_some(Attribute::Bool(true));
        let matched = matcher.run(find, &mut trace).unwrap_or(false);
        (matched, trace.0)
    }

    #[test]
    fn conditions_are_looked_at_from_left_to_right_and_no_further_than_needed() {
        for (query, matched, seen) in [
            ("t", true, "t"),
            ("f", false, "f"),
            ("not (f)", true, "f"),
            ("t or f", true, "t"),
            ("f or t", true, "ft"),
            ("f and t", false, "f"),
            ("t or f and f", false, "tf"),
            ("f and t or t", true, "ft"),
            ("t and (f or t) and t", true, "tftt"),
            ("t or (f and f)", true, "t"),
            ("not (t and f) and t", true, "tft"),
            ("not t and f or t", false, "tft"),
            ("not not (t)", true, "t"),
            ("(not (t or f) or (f or t)) and not (f and t)", true, "tftf"),
            ("t and e or t", false, "te"),
            ("not (e)", false, "e"),
            ("t or e", true, "t"),
        ] {
            assert_eq!(trace(query), (matched, seen.to_owned()), "{query}");
        }
    }

    #[test]
    fn long_and_deep_queries_compile_and_run() {
        let check = |query: &str| {
            let matcher = Matcher::compile(&parse(query).expression.expect("valid"), &mut AttributeTable::default());
            assert_eq!(matcher.check_on_empty(), Ok(()));
        };
        check(&vec!["x pr"; 100_000].join(" and "));
        check(&format!("{}x pr{}", "not (".repeat(999), ")".repeat(999)));
        check(&format!("{}x pr{}", "y pr or (z pr and ".repeat(999), ")".repeat(999)));
    }
}
