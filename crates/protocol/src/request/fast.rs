//! The quick way: serde's visitors, straight into the engine's types.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use flagstaff_engine::context::{ContextMap, ContextValue};
use memchr::memchr2_iter;
use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{
    CollectorParts, ConfigurationParts, ContextParts, EvaluationParts, Member, OfrepParts, UserParts, same_name,
};

/// How deep serde's own reader goes at most.
const DEEPEST: usize = 128;

/// Reads a body; `None` when it needs the exact way.
pub(super) fn read<'a, T: Members<'a>>(body: &'a [u8], depth: usize) -> Option<T> {
    if depth < DEEPEST && memchr2_iter(b'[', b'{', body).count() > depth {
        return None;
    }
    serde_json::from_slice::<Object<T>>(body).ok().map(|object| object.0)
}

/// An object with known members; the others are skipped.
pub(super) trait Members<'de>: Default {
    /// Names of the known members, at most eight.
    const NAMES: &'static [&'static str];

    /// Reads the member of this index in [`Self::NAMES`].
    fn read<A: MapAccess<'de>>(&mut self, index: usize, map: &mut A) -> Result<(), A::Error>;
}

impl<'de> Members<'de> for EvaluationParts<'de> {
    const NAMES: &'static [&'static str] = &["evaluationContext", "user", "defaultValue"];

    fn read<A: MapAccess<'de>>(&mut self, index: usize, map: &mut A) -> Result<(), A::Error> {
        match index {
            0 => {
                let context: Option<Object<ContextParts<'de>>> = map.next_value()?;
                self.context = context.map(|object| object.0);
            }
            1 => {
                let user: Option<Object<UserParts<'de>>> = map.next_value()?;
                self.user = user.map(|object| object.0);
            }
            _ => self.default_value = Some(map.next_value::<Value<'de, false>>()?.0),
        }
        Ok(())
    }
}

impl<'de> Members<'de> for ContextParts<'de> {
    const NAMES: &'static [&'static str] = &["key", "custom"];

    fn read<A: MapAccess<'de>>(&mut self, index: usize, map: &mut A) -> Result<(), A::Error> {
        match index {
            0 => self.key = map.next_value::<Option<Text<'de>>>()?.unwrap_or_default().0,
            _ => self.custom = map.next_value::<Option<Map<'de, true>>>()?.unwrap_or_default().0,
        }
        Ok(())
    }
}

impl<'de> Members<'de> for UserParts<'de> {
    const NAMES: &'static [&'static str] = &["key", "custom", "anonymous"];

    fn read<A: MapAccess<'de>>(&mut self, index: usize, map: &mut A) -> Result<(), A::Error> {
        match index {
            2 => self.anonymous = map.next_value::<Option<bool>>()?.unwrap_or_default(),
            shared => self.context.read(shared, map)?,
        }
        Ok(())
    }
}

impl<'de> Members<'de> for OfrepParts<'de> {
    const NAMES: &'static [&'static str] = &["context"];

    fn read<A: MapAccess<'de>>(&mut self, _: usize, map: &mut A) -> Result<(), A::Error> {
        self.context = map
            .next_value::<Option<Map<'de, true>>>()?
            .map(|map| ContextMap::from_members(map.0));
        Ok(())
    }
}

impl<'de> Members<'de> for ConfigurationParts<'de> {
    const NAMES: &'static [&'static str] = &["flags"];

    fn read<A: MapAccess<'de>>(&mut self, _: usize, map: &mut A) -> Result<(), A::Error> {
        let names = map.next_value::<Option<Vec<Option<Text<'de>>>>>()?.unwrap_or_default();
        self.flags = names.into_iter().map(|name| name.unwrap_or_default().0).collect();
        Ok(())
    }
}

impl<'de> Members<'de> for CollectorParts<'de> {
    const NAMES: &'static [&'static str] = &["meta", "events"];

    fn read<A: MapAccess<'de>>(&mut self, index: usize, map: &mut A) -> Result<(), A::Error> {
        match index {
            0 => self.meta = map.next_value::<Option<Map<'de, false>>>()?.map(|meta| meta.0),
            _ => self.events = map.next_value::<Option<Objects<'de>>>()?.map(|events| events.0),
        }
        Ok(())
    }
}

/// Reads [`Members`].
struct Object<T>(T);

impl<'de, T: Members<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);
        impl<'de, T: Members<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Object(T::default()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut object = T::default();
                let mut seen = 0u8;
                while let Some(Text(name)) = map.next_key()? {
                    let Some(index) = T::NAMES.iter().position(|known| *known == name) else {
                        if T::NAMES.iter().any(|known| same_name(known, &name)) {
                            return Err(de::Error::custom("member name in another case"));
                        }
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    };
                    if seen & (1 << index) != 0 {
                        return Err(de::Error::custom("member given twice"));
                    }
                    seen |= 1 << index;
                    object.read(index, &mut map)?;
                }
                Ok(Object(object))
            }
        }
        deserializer.deserialize_any(ObjectVisitor(PhantomData))
    }
}

/// A text, borrowed unless it holds escapes.
#[derive(Default)]
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

/// The members of an object. Numbers that stand in it directly follow the rule for the top level of a context when `TOP`.
#[derive(Default)]
struct Map<'a, const TOP: bool>(Vec<Member<'a>>);

impl<'de, const TOP: bool> Deserialize<'de> for Map<'de, TOP> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MapVisitor<const TOP: bool>;
        impl<'de, const TOP: bool> Visitor<'de> for MapVisitor<TOP> {
            type Value = Map<'de, TOP>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                read_members::<A, TOP>(map).map(Map)
            }
        }
        deserializer.deserialize_map(MapVisitor::<TOP>)
    }
}

fn read_members<'de, A: MapAccess<'de>, const TOP: bool>(
    mut map: A,
) -> Result<Vec<(Cow<'de, str>, ContextValue<'de>)>, A::Error> {
    // room for an ordinary context: growing step by step costs more than the unused part of one allocation
    let mut members = Vec::with_capacity(12);
    while let Some((Text(name), Value(value))) = map.next_entry::<Text<'de>, Value<'de, TOP>>()? {
        members.push((name, value));
    }
    Ok(members)
}

/// A value, as a member of a context when `TOP`.
struct Value<'a, const TOP: bool>(ContextValue<'a>);

impl<'de, const TOP: bool> Deserialize<'de> for Value<'de, TOP> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor::<TOP>).map(Self)
    }
}

struct ValueVisitor<const TOP: bool>;

impl<'de, const TOP: bool> Visitor<'de> for ValueVisitor<TOP> {
    type Value = ContextValue<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(ContextValue::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(ContextValue::Bool(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(if TOP {
            ContextValue::top_level_number(value)
        } else {
            ContextValue::Float(value)
        })
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
        self.visit_f64(value as f64)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
        self.visit_f64(value as f64)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(ContextValue::String(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(ContextValue::String(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Value(element)) = elements.next_element::<Value<'de, false>>()? {
            list.push(element);
        }
        Ok(ContextValue::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        read_members::<A, false>(map).map(|members| ContextValue::Map(ContextMap::from_members(members)))
    }
}

/// A list of objects or nulls.
struct Objects<'a>(Vec<Option<Vec<Member<'a>>>>);

impl<'de> Deserialize<'de> for Objects<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectsVisitor;
        impl<'de> Visitor<'de> for ObjectsVisitor {
            type Value = Objects<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of objects")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
                let mut objects = Vec::new();
                while let Some(object) = elements.next_element::<Option<Map<'de, false>>>()? {
                    objects.push(object.map(|object| object.0));
                }
                Ok(Objects(objects))
            }
        }
        deserializer.deserialize_seq(ObjectsVisitor)
    }
}
