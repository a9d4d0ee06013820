//! What stands in the lines.

use std::time::Duration;

use chinwag::{Address, DialError, Dialect, DownReason, PeerId};

use super::*;

fn rendered(notice: &Notice<'_>) -> String {
    let mut line = String::new();
    Json.render(notice, &mut line);
    line
}

fn event(event: &Event) -> String {
    rendered(&Notice::Event { event, linked: 1, repeats: 0, there: None, asked: true })
}

fn address() -> Address {
    "127.0.0.1:5002".parse().unwrap()
}

#[test]
fn the_lines_are_those_of_the_schema() {
    assert_eq!(
        rendered(&Notice::Listening(Some(&address()))),
        "{\"event\":\"listening\",\"address\":\"127.0.0.1:5002\"}\n"
    );
    assert_eq!(rendered(&Notice::Listening(None)), "{\"event\":\"listening\",\"address\":null}\n");
    let baker = PeerId::new("Baker").unwrap();
    assert_eq!(
        event(&Event::PeerUp { peer: baker.clone(), address: Some(address()), dialect: Dialect::Classic }),
        "{\"event\":\"peer_up\",\"peer\":\"Baker\",\"address\":\"127.0.0.1:5002\",\"dialect\":\"classic\"}\n"
    );
    assert_eq!(
        event(&Event::PeerDown { peer: baker, reason: DownReason::TooSlow }),
        "{\"event\":\"peer_down\",\"peer\":\"Baker\",\"reason\":\"too_slow\"}\n"
    );
    assert_eq!(
        event(&Event::DialFailed {
            address: address(),
            reason: DialError::Refused,
            retry_in: Some(Duration::from_millis(1500)),
            lost: 0
        }),
        "{\"event\":\"dial_failed\",\"address\":\"127.0.0.1:5002\",\"reason\":\"refused\",\
         \"message\":\"refused: nobody listens there\",\"retry_in_ms\":1500,\"lost\":0}\n"
    );
    assert_eq!(event(&Event::Left), "{\"event\":\"left\"}\n");
    assert_eq!(rendered(&Notice::Hint("hello")), "");
}

#[test]
fn what_others_say_is_escaped_and_kept() {
    let name = PeerId::new("b\u{202e}ob").unwrap();
    let line = event(&Event::NameConflict { peer: name });
    assert_eq!(line, "{\"event\":\"name_conflict\",\"peer\":\"b\\u202eob\"}\n");
    let digits = Body::from_json("[1.10, 123456789012345678901234567890, \"\\u001b\"]").unwrap();
    assert_eq!(serde_json::to_string(&Verbatim(&digits)).unwrap(), digits.as_json());
    let deep = Body::from_json(&format!("{}{}", "[".repeat(500), "]".repeat(500))).unwrap();
    let written = serde_json::to_string(&Verbatim(&deep)).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), Value::from(deep.as_json()));
}
