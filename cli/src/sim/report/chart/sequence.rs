//! Who said what to whom while one message spread: a line for each node, time downwards.

use super::axis::{canvas, tick_text};
use super::legend;
use super::scale::Scale;
use crate::sim::record::{DeliveryRow, PacketRow};
use crate::sim::report::markup::{Element, element, label, line, short};

/// The diagram of up to nine nodes; nothing if nobody said anything, or it was not kept who did.
pub(in crate::sim) fn chart(packets: &[PacketRow], deliveries: &[DeliveryRow]) -> Option<Element> {
    let mut nodes: Vec<usize> = packets.iter().flat_map(|packet| [packet.from, packet.to]).collect();
    nodes.extend(deliveries.iter().map(|delivery| delivery.node));
    nodes.sort_unstable();
    nodes.dedup();
    let (upkeep, shown): (Vec<&PacketRow>, Vec<&PacketRow>) =
        packets.iter().partition(|packet| packet.upkeep);
    let until = |packet: &&PacketRow| packet.received_ms.unwrap_or(packet.sent_ms);
    let end = shown.iter().map(until).reduce(f64::max)?;
    let shown_most = shown.len().min(MOST);
    let diagram = Diagram {
        nodes: &nodes,
        x: Scale::between(0.0, (nodes.len() - 1).max(1) as f64, LEFT, WIDTH - LEFT),
        y: Scale::between(0.0, end, TOP, TOP + 360.0 + 3.0 * shown_most as f64),
    };
    let height = diagram.y.at(end) + 14.0;
    let author = deliveries.first().map(|delivery| delivery.node);
    let description = format!("{} messages between {} nodes in {} ms", shown.len(), nodes.len(), short(end));
    let arrows = shown.iter().take(MOST).flat_map(|packet| diagram.arrow(packet));
    let reached = deliveries.iter().map(|delivery| {
        let kind = if Some(delivery.node) == author { "author" } else { "delivered" };
        let told = format!("node {}: delivered after {} ms", delivery.node, short(delivery.after_ms));
        let (x, y) = (diagram.column(delivery.node), diagram.y.at(delivery.after_ms));
        element("circle").class(kind).at("cx", x).at("cy", y).with("r", "5").hint(&told)
    });
    let picture = canvas(WIDTH, height, &description)
        .all(diagram.lifelines(height))
        .add(element("g").class("axis").all(diagram.times()))
        .all(arrows)
        .all(reached);
    let mut note = format!(
        "Time runs downwards, in virtual milliseconds after node {} said it. Dots: the message is delivered there.",
        author.unwrap_or(0)
    );
    if !upkeep.is_empty() {
        note.push_str(&format!(" Not shown: {} messages of upkeep (keep-alive, comparisons).", upkeep.len()));
    }
    if shown.len() > MOST {
        note.push_str(&format!(" Only the first {MOST} of {} are shown.", shown.len()));
    }
    let lost = shown.iter().any(|packet| packet.received_ms.is_none());
    let entries =
        [(0, "the message itself"), (1, "announcements and the like"), (3, "lost, or still on its way")];
    let entries = entries.into_iter().take(if lost { 3 } else { 2 });
    let key = legend(entries.map(|(place, name)| (place, name.to_owned())));
    Some(element("div").add(key).add(picture).add(element("p").class("note").text(&note)))
}

struct Diagram<'a> {
    nodes: &'a [usize],
    x: Scale,
    y: Scale,
}

impl Diagram<'_> {
    fn column(&self, node: usize) -> f64 {
        self.x.at(self.nodes.iter().position(|other| *other == node).unwrap_or(0) as f64)
    }

    fn lifelines(&self, height: f64) -> Vec<Element> {
        let lifeline = |node: &usize| {
            let x = self.column(*node);
            [
                line((x, TOP - 12.0), (x, height)).class("lifeline"),
                label(x, 17.0, &format!("n{node}")).class("middle strong"),
            ]
        };
        self.nodes.iter().flat_map(lifeline).collect()
    }

    fn times(&self) -> Vec<Element> {
        let time = |tick: &f64| {
            let y = self.y.at(*tick);
            [
                line((LEFT - 14.0, y), (WIDTH - LEFT + 14.0, y)).class("grid"),
                label(LEFT - 18.0, y + 4.5, &tick_text(*tick, "")).class("end"),
            ]
        };
        self.y.ticks().iter().flat_map(time).collect()
    }

    fn arrow(&self, packet: &PacketRow) -> [Element; 2] {
        let told = format!(
            "{}: node {} to node {}, {} ms{}",
            packet.msg_type,
            packet.from,
            packet.to,
            short(packet.sent_ms),
            packet.received_ms.map_or_else(|| ", lost".to_owned(), |at| format!(" to {} ms", short(at)))
        );
        let from = (self.column(packet.from), self.y.at(packet.sent_ms));
        let aim = self.column(packet.to);
        let Some(received) = packet.received_ms else {
            // What is lost ends on its way.
            let to = (f64::midpoint(from.0, aim), from.1 + 8.0);
            let cross = label(to.0, to.1 + 4.0, "×").class("middle lost");
            return [line(from, to).class("arrow c3").hint(&told), cross];
        };
        let to = (aim, self.y.at(received));
        let kind = if packet.msg_type == "BROADCAST" { "arrow post c0" } else { "arrow c1" };
        [
            line(from, to).class(kind).hint(&told),
            head(from, to).class(if packet.msg_type == "BROADCAST" { "head c0" } else { "head c1" }),
        ]
    }
}

/// The head of an arrow.
fn head(from: (f64, f64), to: (f64, f64)) -> Element {
    let (x, y) = (to.0 - from.0, to.1 - from.1);
    let length = x.hypot(y).max(1.0);
    let (x, y) = (x / length * 8.0, y / length * 8.0);
    let corner =
        |side: f64| format!("{} {}", short(to.0 - x - side * y / 2.2), short(to.1 - y + side * x / 2.2));
    let tip = format!("{} {}", short(to.0), short(to.1));
    element("path").with("d", format!("M{tip}L{}L{}Z", corner(1.0), corner(-1.0)))
}

const WIDTH: f64 = 480.0;
const LEFT: f64 = 58.0;
const TOP: f64 = 44.0;

/// How many arrows can be told apart.
const MOST: usize = 200;
