//! [`Spans`] ↔ JSON: a list of lists, as there are many in a message.
//!
//! | JSON | claim |
//! |---|---|
//! | `["<until>"]` | the same |
//! | `["<until>",count,"<fingerprint>"]` | a fingerprint |
//! | `["<until>",[["<tag>",prefix,[[from,to],...]],...],answer]` | streams; the ranges are left out when there are none |

use core::fmt;
use core::marker::PhantomData;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::StreamTag;
use crate::spans::{Claim, MAX_RANGES, MAX_SPANS, MAX_STREAMS, Span, Spans, Summary};
use crate::tag_text::TextNumber;

impl Serialize for Summary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.beyond.is_empty() {
            (self.tag, self.prefix).serialize(serializer)
        } else {
            (self.tag, self.prefix, &self.beyond).serialize(serializer)
        }
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.claim {
            Claim::Same => (self.until,).serialize(serializer),
            Claim::Fingerprint { count, fingerprint } => {
                (self.until, count, TextNumber(*fingerprint)).serialize(serializer)
            }
            Claim::Streams { streams, answer } => (self.until, streams, answer).serialize(serializer),
        }
    }
}

impl Serialize for Spans {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// A list that is refused once it has more than `MAX` entries: what it makes us keep follows what was accepted.
struct AtMost<T, const MAX: usize>(Vec<T>);

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for AtMost<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ListVisitor::<T, MAX>(PhantomData)).map(Self)
    }
}

struct ListVisitor<T, const MAX: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for ListVisitor<T, MAX> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of at most {MAX}")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = list.next_element()? {
            if entries.len() >= MAX {
                return Err(A::Error::invalid_length(entries.len(), &self));
            }
            entries.push(entry);
        }
        Ok(entries)
    }
}

impl<'de> Deserialize<'de> for Summary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(SummaryVisitor)
    }
}

struct SummaryVisitor;

impl<'de> Visitor<'de> for SummaryVisitor {
    type Value = Summary;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[tag, prefix, ranges]")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Summary, A::Error> {
        let tag = list.next_element()?.ok_or_else(|| A::Error::invalid_length(0, &self))?;
        let prefix = list.next_element()?.ok_or_else(|| A::Error::invalid_length(1, &self))?;
        let beyond = list.next_element::<AtMost<(u64, u64), MAX_RANGES>>()?;
        let summary = Summary { tag, prefix, beyond: beyond.map(|list| list.0).unwrap_or_default() };
        if summary.is_sound() {
            Ok(summary)
        } else {
            Err(A::Error::custom("not what can be had of a stream"))
        }
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(SpanVisitor)
    }
}

struct SpanVisitor;

impl<'de> Visitor<'de> for SpanVisitor {
    type Value = Span;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[until], [until, count, fingerprint] or [until, streams, answer]")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Span, A::Error> {
        let until = list.next_element()?.ok_or_else(|| A::Error::invalid_length(0, &self))?;
        let too_short = || A::Error::invalid_length(2, &self);
        let claim = match list.next_element::<Subject>()? {
            None => Claim::Same,
            Some(Subject::Count(count)) => {
                let TextNumber(fingerprint) = list.next_element()?.ok_or_else(too_short)?;
                Claim::Fingerprint { count, fingerprint }
            }
            Some(Subject::Streams(streams)) => {
                let answer = list.next_element()?.ok_or_else(too_short)?;
                Claim::Streams { streams, answer }
            }
        };
        let span = Span { until, claim };
        if span.streams().last().is_some_and(|last| last.tag > until) {
            return Err(A::Error::custom("a stream beyond its stretch"));
        }
        Ok(span)
    }
}

/// The second entry of a span, which tells by its type what the span claims.
enum Subject {
    Count(u32),
    Streams(Vec<Summary>),
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SubjectVisitor)
    }
}

struct SubjectVisitor;

impl<'de> Visitor<'de> for SubjectVisitor {
    type Value = Subject;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a count or streams")
    }

    fn visit_u64<E: Error>(self, count: u64) -> Result<Subject, E> {
        u32::try_from(count).map(Subject::Count).map_err(|_| E::custom("more streams than anybody has"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Subject, A::Error> {
        let streams: Vec<Summary> = ListVisitor::<_, MAX_STREAMS>(PhantomData).visit_seq(list)?;
        if !streams.is_sorted_by(|before, after| before.tag < after.tag) {
            return Err(A::Error::custom("streams out of order"));
        }
        Ok(Subject::Streams(streams))
    }
}

impl<'de> Deserialize<'de> for Spans {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let AtMost::<Span, MAX_SPANS>(spans) = AtMost::deserialize(deserializer)?;
        let mut weight = 0_usize;
        let mut ended: Option<StreamTag> = None;
        for span in &spans {
            let first = span.streams().first().map_or(span.until, |first| first.tag);
            if ended.is_some_and(|ended| first <= ended || span.until <= ended) {
                return Err(D::Error::custom("spans out of order"));
            }
            ended = Some(span.until);
            let streams = span.streams().iter().map(Summary::weight);
            weight = streams.fold(weight, usize::saturating_add);
        }
        if weight > MAX_STREAMS {
            return Err(D::Error::custom("more streams than fit in one message"));
        }
        Ok(Self(spans))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sound_spans() -> impl Strategy<Value = Spans> {
        let ranges = prop::collection::vec((2..1000_u64, 0..1000_u64), 0..=MAX_RANGES);
        let summary = (0..=u64::MAX / 2, ranges).prop_map(|(prefix, steps)| {
            let prefix = prefix + u64::from(steps.is_empty());
            let mut last = prefix;
            let beyond = steps.into_iter().map(|(gap, len)| {
                let from = last + gap;
                last = from + len;
                (from, last)
            });
            Summary { tag: StreamTag::new(0), prefix, beyond: beyond.collect() }
        });
        let claim = prop_oneof![
            Just(Claim::Same),
            any::<(u32, u64)>().prop_map(|(count, fingerprint)| Claim::Fingerprint { count, fingerprint }),
            (prop::collection::vec(summary, 0..5), any::<bool>())
                .prop_map(|(streams, answer)| Claim::Streams { streams, answer }),
        ];
        prop::collection::vec((claim, 1..u64::MAX / 1000), 0..20).prop_map(|claims| {
            let mut tag = 0;
            let spans = claims.into_iter().map(|(mut claim, gap)| {
                if let Claim::Streams { streams, .. } = &mut claim {
                    for stream in streams {
                        tag += gap;
                        stream.tag = StreamTag::new(tag);
                    }
                }
                tag += gap - 1;
                let until = StreamTag::new(tag);
                tag += 1;
                Span { until, claim }
            });
            Spans(spans.collect())
        })
    }

    fn read(json: &str) -> Result<Spans, serde_json::Error> {
        serde_json::from_str(json)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(spans in sound_spans()) {
            let json = serde_json::to_string(&spans).unwrap();
            prop_assert_eq!(read(&json).unwrap(), spans);
        }

        #[test]
        fn what_is_garbled_is_refused_or_sound(
            spans in sound_spans(), at: prop::sample::Index, letter in "[]\\[\",0-9A-C{}tf.eu-]{0,2}",
        ) {
            let mut json = serde_json::to_string(&spans).unwrap();
            let at = at.index(json.len());
            json.replace_range(at..=at, &letter);
            if let Ok(spans) = read(&json) {
                let json = serde_json::to_string(&spans).unwrap();
                prop_assert_eq!(read(&json).unwrap(), spans);
            }
        }
    }

    #[test]
    fn as_documented() {
        let (low, high) = (StreamTag::new(1), StreamTag::new(u64::MAX));
        let streams = vec![
            Summary { tag: low, prefix: 3, beyond: Vec::new() },
            Summary { tag: high, prefix: 0, beyond: vec![(5, 5), (7, 9)] },
        ];
        let spans = Spans(vec![
            Span { until: StreamTag::new(0), claim: Claim::Fingerprint { count: 7, fingerprint: 1 } },
            Span { until: high, claim: Claim::Streams { streams, answer: true } },
        ]);
        let json = concat!(
            r#"[["AAAAAAAAAAA",7,"AAAAAAAAAAE"],"#,
            r#"["__________8",[["AAAAAAAAAAE",3],["__________8",0,[[5,5],[7,9]]]],true]]"#,
        );
        assert_eq!(serde_json::to_string(&spans).unwrap(), json);
        assert_eq!(read(json).unwrap(), spans);
        assert_eq!(read(r#"[["AAAAAAAAAAA"]]"#).unwrap().0[0].claim, Claim::Same);
    }

    #[test]
    fn nonsense_is_refused() {
        let stream = |json: &str| read(&format!(r#"[["__________8",[["AAAAAAAAAAE",{json}]],false]]"#));
        for good in ["1", "18446744073709551615", "0,[[2,2]]", "1,[[3,3],[5,18446744073709551615]]"] {
            assert!(stream(good).is_ok(), "{good}");
        }
        for bad in [
            "0",
            "-1",
            "1.0",
            "\"1\"",
            "0,[[0,5]]",
            "0,[[1,5]]",
            "4,[[5,6]]",
            "4,[[3,3]]",
            "4,[[7,6]]",
            "4,[[7]]",
            "4,[[7,8,9]]",
            "4,[[7,8],[9,9]]",
            "4,[[7,8],[8,9]]",
            "4,[[9,9],[7,7]]",
            "4,7",
            "4,null",
            "4,[[7,8]],1",
            "18446744073709551616",
            "18446744073709551615,[[18446744073709551615,18446744073709551615]]",
        ] {
            assert!(stream(bad).is_err(), "{bad}");
        }
        let (a, b, c) = ("AAAAAAAAAAA", "AAAAAAAAAAE", "AAAAAAAAAAI");
        for good in [
            "[]".into(),
            format!(r#"[["{a}"],["{b}"]]"#),
            format!(r#"[["{a}"],["{b}",[["{b}",1]],true]]"#),
            format!(r#"[["{a}",[],true],["{b}",0,"{a}"]]"#),
        ] {
            assert!(read(&good).is_ok(), "{good}");
        }
        for bad in [
            "7".into(),
            "{}".into(),
            "[[]]".into(),
            "[7]".into(),
            r#"["AAAAAAAAAAA"]"#.into(),
            r#"[["AAAA"]]"#.into(),
            // Out of order: spans, streams, and both.
            format!(r#"[["{b}"],["{a}"]]"#),
            format!(r#"[["{b}"],["{b}"]]"#),
            format!(r#"[["{c}",[["{b}",1],["{a}",1]],true]]"#),
            format!(r#"[["{c}",[["{b}",1],["{b}",1]],true]]"#),
            format!(r#"[["{b}",[["{c}",1]],true]]"#),
            format!(r#"[["{b}"],["{c}",[["{b}",1]],true]]"#),
            format!(r#"[["{a}"],["{c}",[["{a}",1],["{b}",1]],true]]"#),
            // Of the wrong shape.
            format!(r#"[["{a}",7]]"#),
            format!(r#"[["{a}",7,8]]"#),
            format!(r#"[["{a}",7,"{a}",1]]"#),
            format!(r#"[["{a}",-7,"{a}"]]"#),
            format!(r#"[["{a}",4294967296,"{a}"]]"#),
            format!(r#"[["{a}",null]]"#),
            format!(r#"[["{a}",[]]]"#),
            format!(r#"[["{a}",[],1]]"#),
            format!(r#"[["{a}",[],true,1]]"#),
            format!(r#"[["{a}",[["{a}"]],true]]"#),
            format!(r#"[["{a}","{a}"]]"#),
            format!(r#"[["{a}",{{}},true]]"#),
        ] {
            assert!(read(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_too_much_is_refused() {
        let many = |spans: u64, streams: u64, ranges: u64| {
            let summary = |tag| Summary {
                tag: StreamTag::new(tag),
                prefix: 1,
                beyond: (1..=ranges).map(|at| (at * 3, at * 3)).collect(),
            };
            let span = |at: u64| Span {
                until: StreamTag::new(at * 1000 + 999),
                claim: Claim::Streams {
                    streams: (0..streams).map(|stream| summary(at * 1000 + stream)).collect(),
                    answer: true,
                },
            };
            read(&serde_json::to_string(&Spans((0..spans).map(span).collect())).unwrap()).is_ok()
        };
        assert!(many(64, 0, 0) && !many(65, 0, 0));
        assert!(many(1, 256, 0) && !many(1, 257, 0));
        assert!(many(64, 4, 0) && !many(64, 5, 0) && !many(2, 129, 0));
        assert!(many(1, 1, 8) && !many(1, 1, 9));
        assert!(many(4, 7, 8) && !many(4, 8, 8));
    }
}
