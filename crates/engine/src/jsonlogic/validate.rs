//! What GO Feature Flag checks before it loads a rule.

use super::node::Node;

/// Every operation must have a known operator and an operand that is not null. Nothing is checked inside of an object with
/// several members (it stands for itself) and of a plain variable.
pub(super) fn validate(rule: &Node) -> Result<(), String> {
    match rule {
        Node::Bool(_) | Node::Number(_) | Node::Text(_) => Ok(()),
        Node::Null => Err("null is no rule: write a value or an operation".to_owned()),
        Node::Object(object) if object.members().is_empty() => {
            Err("an empty object is no rule: write an operator and its operands".to_owned())
        }
        Node::Object(_) => Ok(()),
        Node::List(list) => list
            .elements
            .iter()
            .filter(|element| is_nested(element))
            .try_for_each(validate),
        Node::Operation(operation) => match operation.operand {
            _ if operation.operator.is_none() => Err(format!("unknown operator \"{}\"", operation.name)),
            Node::Null | Node::Text(_) | Node::Number(_) if &*operation.name == "var" => Ok(()),
            Node::Null => Err(format!("operator \"{}\" has no operand", operation.name)),
            ref operand => validate(operand),
        },
    }
}

fn is_nested(node: &Node) -> bool {
    matches!(node, Node::List(_) | Node::Object(_) | Node::Operation(_))
}
