//! The id of a message that carries none: a hash over what it says, not over how its JSON is spelled.

use core::hash::Hasher;

use serde_json::Value;
use siphasher::sip128::{Hasher128, SipHasher24};

use crate::{Body, ClassicId, Content, Message};

/// Hashes (originator, time, msg). Peers of the old program write the same values with other white space and
/// escapes (`"é"` as `"\u00e9"`), so the values are hashed.
///
/// The key is fixed, as every node must come to the same id. Who would forge a collision could as well forge the
/// message itself: nothing is signed in that dialect.
pub(crate) fn of(message: &Message) -> ClassicId {
    let mut hasher = SipHasher24::new_with_keys(0x6368_696e_7761_6721, 0x636c_6173_7369_6321);
    hash_text(&mut hasher, message.originator().as_str());
    hash_body(&mut hasher, message.time());
    match message.content() {
        Content::Broadcast(post) | Content::Direct { post, .. } => hash_body(&mut hasher, &post.body),
        Content::Custom { body, .. } => hash_body(&mut hasher, body),
        Content::Ping(_)
        | Content::Pong(_)
        | Content::Advertise
        | Content::AdvertiseReply { .. }
        | Content::Retire
        | Content::Leave
        | Content::Control(_) => {}
    }
    ClassicId::new(hasher.finish128().as_u128())
}

fn hash_text(hasher: &mut SipHasher24, text: &str) {
    hasher.write_u8(b's');
    hasher.write_u64(text.len() as u64);
    hasher.write(text.as_bytes());
}

fn hash_body(hasher: &mut SipHasher24, body: &Body) {
    match body.as_text() {
        Some(text) => hash_text(hasher, &text),
        None => match serde_json::from_str(body.as_json()) {
            Ok(value) => hash_value(hasher, &value),
            // Legal JSON that has no value here, such as half a surrogate pair: then the spelling must do.
            Err(_) => {
                hasher.write_u8(b'r');
                hash_text(hasher, body.as_json());
            }
        },
    }
}

fn hash_value(hasher: &mut SipHasher24, value: &Value) {
    match value {
        Value::Null => hasher.write_u8(b'n'),
        Value::Bool(truth) => hasher.write(&[b'b', u8::from(*truth)]),
        Value::Number(number) => {
            hasher.write_u8(b'd');
            match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(natural), _, _) => hasher.write_u64(natural),
                (None, Some(integer), _) => hasher.write_i64(integer),
                (None, None, Some(real)) => hasher.write_u64(real.to_bits()),
                (None, None, None) => hash_text(hasher, &number.to_string()),
            }
        }
        Value::String(text) => hash_text(hasher, text),
        Value::Array(items) => {
            hasher.write_u8(b'a');
            hasher.write_u64(items.len() as u64);
            for item in items {
                hash_value(hasher, item);
            }
        }
        Value::Object(members) => {
            // Sorted here, because whether `serde_json` sorts depends on a feature another crate may turn on.
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(key, _)| *key);
            hasher.write_u8(b'o');
            hasher.write_u64(members.len() as u64);
            for (key, member) in members {
                hash_text(hasher, key);
                hash_value(hasher, member);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Message, PeerId};

    fn id(frame: &str) -> crate::ClassicId {
        Message::decode(frame.as_bytes().to_vec().into()).unwrap().classic_id()
    }

    #[test]
    fn the_id_follows_the_values_and_not_their_spelling() {
        let plain = id(r#"{"msg_type":"BROADCAST","msg":"café","originator":"Able","time":"t"}"#);
        let python =
            id(r#"{"time": "t", "msg": "caf\u00e9", "originator": "Able", "msg_type": "BROADCAST"}"#);
        let native =
            id(r#"{"msg_type":"BROADCAST","msg":"café","originator":"Able","time":"t","epoch":1,"seq":9}"#);
        assert_eq!(plain, python);
        assert_eq!(plain, native);
        let objects = [r#"{"a":1,"b":[true,null]}"#, r#"{ "b": [true, null], "a": 1 }"#].map(|msg| {
            id(&format!(r#"{{"msg_type":"BROADCAST","msg":{msg},"originator":"Able","time":1.5}}"#))
        });
        assert_eq!(objects[0], objects[1]);
    }

    #[test]
    fn each_part_counts() {
        let base = id(r#"{"msg_type":"BROADCAST","msg":"1","originator":"Able","time":"t"}"#);
        for other in [
            r#"{"msg_type":"BROADCAST","msg":1,"originator":"Able","time":"t"}"#,
            r#"{"msg_type":"BROADCAST","msg":"1","originator":"Abl","time":"et"}"#,
            r#"{"msg_type":"BROADCAST","msg":"1","originator":"Able","time":"u"}"#,
        ] {
            assert_ne!(base, id(other), "{other}");
        }
        assert!(PeerId::new("Able").is_ok());
    }
}
