//! The way one message took: its author in the middle, and everybody as far from it as their delivery took.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::axis::{canvas, tick_text};
use super::scale::Scale;
use super::tree_layout::{Placed, place};
use crate::sim::record::DeliveryRow;
use crate::sim::report::markup::{Element, element, label, short};

/// The tree; nothing if the message came to nobody.
///
/// In a large network the edges of the largest branches are drawn, and every other node as a dot in the place that it
/// has, those in one place once, so that the picture of a million nodes has less than 1.5 MB.
pub(in crate::sim) fn chart(deliveries: &[DeliveryRow]) -> Option<Element> {
    let last =
        deliveries.iter().map(|delivery| delivery.after_ms).reduce(f64::max).filter(|last| *last > 0.0)?;
    let most_hops = deliveries.iter().map(|delivery| delivery.hops).max()?.max(1);
    let placed = place(deliveries);
    let tree =
        Tree { deliveries, placed: &placed, radius: Scale::between(0.0, last, 0.0, RADIUS), most_hops };
    let author = deliveries.first().map_or(0, |author| author.node);
    let reached = deliveries.len() - 1;
    let description = format!(
        "the tree of node {author}'s message: {reached} nodes, {most_hops} hops, the last after {last:.0} ms"
    );
    let drawn = tree.drawn_edges();
    let mut picture = canvas(SIZE, SIZE, &description).all(tree.rings());
    let (trunk, twigs): (Vec<usize>, Vec<usize>) = drawn.iter().partition(|at| tree.is_trunk(**at));
    for (nodes, weight) in [(twigs, tree.weight()), (trunk, "trunk")] {
        let edges = bucketed(&nodes, |at| tree.bucket(at), |at| tree.edge(at));
        picture =
            picture.all(edges.into_iter().map(|(bucket, path)| {
                element("path").class(format!("edge h{bucket} {weight}")).with("d", path)
            }));
    }
    picture = picture.all(tree.dots(&drawn));
    let (x, y) = (CENTRE, CENTRE);
    picture = picture.add(
        element("circle")
            .class("author")
            .at("cx", x)
            .at("cy", y)
            .with("r", "8")
            .hint(&format!("node {author}, the author")),
    );
    picture = picture.all(tree.ring_labels());
    let mut figure = element("div").add(tree.key()).add(picture);
    let left_out = placed.iter().filter(|node| node.parent.is_some()).count() - drawn.len();
    if left_out > 0 {
        let note = format!(
            "Lines: the {} largest branches. The other {} nodes are dots.",
            crate::numbers::thousands(drawn.len()),
            crate::numbers::thousands(left_out)
        );
        figure = figure.add(element("p").class("note").text(&note));
    }
    Some(figure)
}

struct Tree<'a> {
    deliveries: &'a [DeliveryRow],
    placed: &'a [Placed],
    radius: Scale,
    most_hops: u16,
}

impl Tree<'_> {
    fn delivery(&self, at: usize) -> &DeliveryRow {
        &self.deliveries[self.placed[at].delivery]
    }

    /// Where something is at an angle, so many units from the author.
    fn polar(angle: f64, radius: f64) -> (f64, f64) {
        (CENTRE + radius * angle.sin(), CENTRE - radius * angle.cos())
    }

    fn spot(&self, at: usize) -> (f64, f64) {
        Self::polar(self.placed[at].angle, self.radius.at(self.delivery(at).after_ms))
    }

    /// How many hops share a colour, as there are only so many colours that can be told apart.
    fn hops_per_colour(&self) -> usize {
        usize::from(self.most_hops).div_ceil(COLOURS)
    }

    fn colours(&self) -> usize {
        usize::from(self.most_hops).div_ceil(self.hops_per_colour())
    }

    /// Which colour a node has.
    fn bucket(&self, at: usize) -> usize {
        let hops = usize::from(self.delivery(at).hops.max(1));
        colour_of((hops - 1) / self.hops_per_colour(), self.colours())
    }

    /// The nodes whose edges are drawn: all, or those of the largest branches.
    fn drawn_edges(&self) -> Vec<usize> {
        let mut linked: Vec<usize> =
            (0..self.placed.len()).filter(|at| self.placed[*at].parent.is_some()).collect();
        if linked.len() > MOST_EDGES {
            linked.sort_by_key(|at| (std::cmp::Reverse(self.placed[*at].leaves), *at));
            linked.truncate(MOST_EDGES);
            linked.sort_unstable();
        }
        linked
    }

    /// From a node's parent to it: first outwards, then around, so that branches stay apart.
    fn edge(&self, at: usize) -> String {
        let Some(parent) = self.placed[at].parent else { return String::new() };
        let (from, to) = (self.spot(parent), self.spot(at));
        if self.placed.len() < STRAIGHT {
            return format!("M{} {}L{} {}", short(from.0), short(from.1), short(to.0), short(to.1));
        }
        let between = f64::midpoint(
            self.radius.at(self.delivery(parent).after_ms),
            self.radius.at(self.delivery(at).after_ms),
        );
        let is_centre = self.placed[parent].parent.is_none();
        let bend = if is_centre { self.placed[at].angle } else { self.placed[parent].angle };
        let (first, second) = (Self::polar(bend, between), Self::polar(self.placed[at].angle, between));
        let mut path = format!("M{:.0} {:.0}c", from.0, from.1);
        let start = (from.0.round(), from.1.round());
        for (number, point) in [first, second, to].into_iter().enumerate() {
            for (place, value) in [point.0 - start.0, point.1 - start.1].into_iter().enumerate() {
                let value = if value.round() == 0.0 { 0.0 } else { value.round() };
                let gap = if value < 0.0 || (number == 0 && place == 0) { "" } else { " " };
                // A string takes everything.
                let _ = write!(path, "{gap}{value:.0}");
            }
        }
        path
    }

    /// Every node, or in a large network those without an edge, each place once.
    fn dots(&self, drawn: &[usize]) -> Vec<Element> {
        if self.placed.len() <= EACH_TOLD {
            let others = (0..self.placed.len()).filter(|at| self.placed[*at].delivery != 0);
            return others.map(|at| self.told(at)).collect();
        }
        let drawn: BTreeSet<usize> = drawn.iter().copied().collect();
        let thinned = drawn.len() + 1 < self.placed.len();
        let nodes: Vec<usize> = (1..self.placed.len()).filter(|at| !thinned || !drawn.contains(at)).collect();
        let grid = if nodes.len() > 30_000 { 2 } else { 1 };
        let mut taken = BTreeSet::new();
        let mut buckets: Vec<Vec<Cell>> = vec![Vec::new(); COLOURS];
        for at in nodes {
            let (x, y) = self.spot(at);
            // A cast saturates, and a place is within the picture.
            let cell = ((y / f64::from(grid)).round() as i32, (x / f64::from(grid)).round() as i32);
            if taken.insert(cell) {
                buckets[self.bucket(at)].push(cell);
            }
        }
        let weight = if self.placed.len() > 3000 { "tiny" } else { "" };
        let buckets = buckets.into_iter().enumerate().filter(|(_, cells)| !cells.is_empty());
        let path = |(bucket, cells)| {
            element("path").class(format!("dots h{bucket} {weight}")).with("d", dotted(cells, grid))
        };
        buckets.map(path).collect()
    }

    fn told(&self, at: usize) -> Element {
        let delivery = self.delivery(at);
        let from = delivery.from.map_or_else(|| "nobody known".to_owned(), |from| format!("node {from}"));
        let told = format!(
            "node {}: {} ms, {} hops, from {from}",
            delivery.node,
            short(delivery.after_ms),
            delivery.hops
        );
        let (x, y) = self.spot(at);
        let radius = if self.placed.len() <= 60 { "7" } else { "5" };
        let dot = element("circle").class(format!("node h{}", self.bucket(at)));
        dot.at("cx", x).at("cy", y).with("r", radius).hint(&told)
    }

    fn weight(&self) -> &'static str {
        match self.placed.len() {
            0..200 => "thick",
            200..3000 => "",
            _ => "thin",
        }
    }

    /// Whether a branch is among those that carry much of the tree, and would be lost among the others.
    fn is_trunk(&self, at: usize) -> bool {
        self.placed.len() > EACH_TOLD && self.placed[at].leaves * TRUNKS > self.placed.len()
    }

    fn ring_times(&self) -> impl Iterator<Item = f64> {
        let ticks: Vec<f64> = self.radius.ticks().into_iter().filter(|time| *time > 0.0).collect();
        // Every other one is enough where there are many, and the outermost is among them.
        let every = if ticks.len() > 4 { 2 } else { 1 };
        let first = (ticks.len() + every - 1) % every;
        ticks.into_iter().skip(first).step_by(every)
    }

    fn rings(&self) -> Vec<Element> {
        let ring = |time| {
            element("circle").class("ring").at("cx", CENTRE).at("cy", CENTRE).at("r", self.radius.at(time))
        };
        self.ring_times().map(ring).collect()
    }

    fn ring_labels(&self) -> Vec<Element> {
        let text = |time: f64| label(CENTRE, CENTRE - self.radius.at(time) - 5.0, &tick_text(time, "ms"));
        self.ring_times().map(|time| text(time).class("middle halo")).collect()
    }

    fn key(&self) -> Element {
        let (most, width) = (usize::from(self.most_hops), self.hops_per_colour());
        let entries = (0..self.colours()).map(|step| {
            let (first, last) = (step * width + 1, (step * width + width).min(most));
            let text = if first == last { format!("{first}") } else { format!("{first}–{last}") };
            let swatch = element("span").class(format!("swatch h{}", colour_of(step, self.colours())));
            element("li").add(swatch).text(&text)
        });
        element("ul").class("legend").add(element("li").text("hops:")).all(entries)
    }
}

/// Which of the colours the one of so many steps is, so that they reach from the first to the last.
fn colour_of(step: usize, steps: usize) -> usize {
    step * (COLOURS - 1) / steps.saturating_sub(1).max(1)
}

/// The paths of these nodes, those of one bucket together.
fn bucketed(
    nodes: &[usize],
    bucket: impl Fn(usize) -> usize,
    path: impl Fn(usize) -> String,
) -> Vec<(usize, String)> {
    let mut paths = vec![String::new(); COLOURS];
    // The outermost first, so that the trunk lies above.
    for at in nodes.iter().rev() {
        paths[bucket(*at)].push_str(&path(*at));
    }
    paths.into_iter().enumerate().filter(|(_, path)| !path.is_empty()).rev().collect()
}

/// A path of lines without length, which round ends make dots, in as few bytes as may be.
fn dotted(mut cells: Vec<Cell>, grid: i32) -> String {
    cells.sort_unstable();
    let (mut path, mut before) = (String::new(), (0, 0));
    for (y, x) in cells {
        let gap = if y < before.0 { "" } else { " " };
        // A string takes everything.
        let _ = write!(path, "m{}{gap}{}h0", (x - before.1) * grid, (y - before.0) * grid);
        before = (y, x);
    }
    path
}

/// A place in the picture: the row, and what is in it from the left.
type Cell = (i32, i32);

/// How large the picture is, in its own units.
const SIZE: f64 = 1000.0;
const CENTRE: f64 = SIZE / 2.0;
const RADIUS: f64 = 470.0;

const COLOURS: usize = 7;
/// Up to how many nodes each says what it is when it is pointed at.
const EACH_TOLD: usize = 1000;
/// A branch belongs to the trunk if more than one node in so many is a leaf on it.
const TRUNKS: usize = 60;
/// Up to how many nodes branches have room enough without a bend.
const STRAIGHT: usize = 40;
/// How many edges are drawn at most.
const MOST_EDGES: usize = 12_000;

#[cfg(test)]
mod tests {
    use super::*;

    /// A tree in which everybody has four children, and every hop takes a while.
    fn tree(nodes: usize) -> Vec<DeliveryRow> {
        let mut rows: Vec<DeliveryRow> = vec![DeliveryRow { node: 0, from: None, hops: 0, after_ms: 0.0 }];
        for node in 1..nodes {
            let parent = &rows[(node - 1) / 4];
            let (from, hops) = (Some(parent.node), parent.hops + 1);
            let after_ms = parent.after_ms + 10.0 + (node * 37 % 41) as f64;
            rows.push(DeliveryRow { node, from, hops, after_ms });
        }
        rows
    }

    #[test]
    fn a_large_tree_is_thinned_and_says_so() {
        for (nodes, most_bytes) in [(2, 3_000), (1000, 200_000), (12_000, 600_000), (1_000_000, 1_500_000)] {
            let drawn = chart(&tree(nodes)).unwrap().to_string();
            assert!(drawn.len() < most_bytes, "{nodes} nodes: {} bytes", drawn.len());
            assert_eq!(drawn.contains("largest branches"), nodes > MOST_EDGES, "{nodes} nodes");
            let lines = drawn.matches(if nodes < STRAIGHT { 'L' } else { 'c' });
            assert!(lines.count() >= (nodes - 1).min(MOST_EDGES), "{nodes} nodes");
        }
        assert!(chart(&tree(1)).is_none() && chart(&[]).is_none());
    }

    #[test]
    fn every_node_says_what_it_is_where_they_are_few() {
        let drawn = chart(&tree(50)).unwrap().to_string();
        let parsed = roxmltree::Document::parse(&drawn).unwrap();
        let hints = parsed.descendants().filter(|node| node.has_tag_name("title"));
        let hints: BTreeSet<&str> = hints.filter_map(|hint| hint.text()).collect();
        assert_eq!(hints.len(), 50);
        assert!(hints.iter().any(|hint| hint.starts_with("node 1: ") && hint.ends_with("from node 0")));
    }
}
