//! Where nodes are, and how far it is from one place to another.

use core::fmt;
use core::time::Duration;

use crate::{Latency, NodeId};

/// Regions of the world, the latencies between them, and who is where.
///
/// Nodes are dealt out to the regions in turn, by their numbers, until [`place`](Self::place) says otherwise. In a
/// network with regions they decide all latencies but those of pairs that were
/// [set one by one](crate::Fault::SetLink); everything else about a link, its jitter too, stays as its
/// [`LinkModel`](crate::LinkModel) says.
///
/// ```
/// use chinwag_memory::{LinkModel, Network, NetworkConfig, Regions, ms};
///
/// let link = LinkModel::stream().jitter(ms(5));
/// let mut network = Network::new(NetworkConfig::new(1).link(link).regions(Regions::five_continents()));
/// let (america, europe) = (network.add_node("ann")?, network.add_node("bob")?);
/// assert_eq!(network.latency(america, europe).as_micros(), 44_500);
/// # Ok::<(), chinwag_memory::AddError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Regions {
    names: Vec<String>,
    /// Row by row, from one region to another.
    latencies: Vec<Latency>,
    /// Who was placed, by number.
    places: Vec<Option<u16>>,
}

impl Regions {
    /// Regions with these names, and the latency from one to another: `latencies[from][to]`.
    ///
    /// # Errors
    /// [`RegionsError`] if there is no region, or if the table is not as long and as wide as there are names.
    pub fn new<L: Into<Latency>>(
        names: impl IntoIterator<Item = impl Into<String>>,
        latencies: impl IntoIterator<Item = impl IntoIterator<Item = L>>,
    ) -> Result<Self, RegionsError> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let rows: Vec<Vec<Latency>> =
            latencies.into_iter().map(|row| row.into_iter().map(Into::into).collect()).collect();
        if names.is_empty() || names.len() > usize::from(u16::MAX) {
            return Err(RegionsError::Count { names: names.len() });
        }
        let wrong = rows.iter().find(|row| row.len() != names.len());
        if rows.len() != names.len() || wrong.is_some() {
            return Err(RegionsError::Shape {
                names: names.len(),
                rows: rows.len(),
                columns: wrong.unwrap_or(&rows[0]).len(),
            });
        }
        Ok(Self { names, latencies: rows.concat(), places: Vec::new() })
    }

    /// Five places on five continents, as far from each other as half the published round trips between data centres
    /// there, and inside each as far as from one data centre to another on that continent.
    ///
    /// The figures are medians over the 30 days to 19 June 2024 from "Azure network round-trip latency statistics"
    /// (Microsoft, learn.microsoft.com/azure/networking/azure-network-latency, edition of 20 June 2024), each read in
    /// the row of the first and the column of the second: East US, West Europe, Southeast Asia, South Africa North
    /// and Australia East; inside the continents to East US 2, France Central, East Asia (from there), South Africa
    /// West and Australia Southeast. Homes are further away from each other than data centres: add jitter.
    #[must_use]
    pub fn five_continents() -> Self {
        let one_way = |round_trip_ms: u64| Latency::Fixed(Duration::from_micros(round_trip_ms * 500));
        Self {
            names: FIVE_CONTINENTS.map(|(name, _)| name.to_owned()).to_vec(),
            latencies: FIVE_CONTINENTS.iter().flat_map(|(_, row)| row.map(one_way)).collect(),
            places: Vec::new(),
        }
    }

    /// Places a node in a region, counted from 0; the nodes that are not placed stay where they are.
    ///
    /// # Errors
    /// [`RegionsError::Unknown`] if there is no such region.
    pub fn place(mut self, node: usize, region: usize) -> Result<Self, RegionsError> {
        let known = u16::try_from(region).ok().filter(|_| region < self.names.len());
        let place = known.ok_or(RegionsError::Unknown { region, names: self.names.len() })?;
        if self.places.len() <= node {
            self.places.resize(node + 1, None);
        }
        self.places[node] = Some(place);
        Ok(self)
    }

    /// What the regions are called, in order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// In which region a node is.
    #[must_use]
    pub fn region_of(&self, node: NodeId) -> usize {
        let placed = self.places.get(node.index()).copied().flatten();
        placed.map_or(node.index() % self.names.len(), usize::from)
    }

    /// The latency from one node to another.
    #[must_use]
    pub fn between(&self, from: NodeId, to: NodeId) -> &Latency {
        &self.latencies[self.region_of(from) * self.names.len() + self.region_of(to)]
    }

    /// The shortest latency there can be between any two nodes.
    #[must_use]
    pub fn shortest(&self) -> Duration {
        self.latencies.iter().map(Latency::shortest).min().unwrap_or_default()
    }
}

/// What is wrong with a table of regions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum RegionsError {
    /// There are no regions, or more than 65,535.
    Count {
        /// How many there are.
        names: usize,
    },
    /// The table does not go with the names.
    Shape {
        /// How many names there are.
        names: usize,
        /// How many rows.
        rows: usize,
        /// How many columns, in the first row that does not fit.
        columns: usize,
    },
    /// There is no such region.
    Unknown {
        /// Which.
        region: usize,
        /// How many there are.
        names: usize,
    },
}

impl fmt::Display for RegionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count { names } => write!(f, "{names} regions: name at least one, and at most 65,535"),
            Self::Shape { names, rows, columns } => {
                write!(f, "{rows} rows and {columns} columns: give {names} of each, one for each region")
            }
            Self::Unknown { region, names } => {
                write!(f, "there is no region {region}: {names} are counted from 0")
            }
        }
    }
}

impl core::error::Error for RegionsError {}

/// Round trips in milliseconds.
const FIVE_CONTINENTS: [(&str, [u64; 5]); 5] = [
    ("America", [9, 89, 233, 225, 201]),
    ("Europe", [89, 11, 190, 163, 286]),
    ("Asia", [233, 190, 36, 187, 95]),
    ("Africa", [225, 163, 187, 20, 279]),
    ("Australia", [201, 286, 95, 279, 16]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ms;

    fn nodes(count: usize) -> Vec<NodeId> {
        (0..count).map(NodeId::from_index).collect()
    }

    #[test]
    fn nodes_are_dealt_out_in_turn_unless_they_are_placed() {
        let regions = Regions::five_continents().place(7, 0).unwrap();
        let places: Vec<_> = nodes(9).into_iter().map(|node| regions.region_of(node)).collect();
        assert_eq!(places, [0, 1, 2, 3, 4, 0, 1, 0, 3]);
        let unknown = Regions::five_continents().place(0, 5).unwrap_err();
        assert_eq!(unknown.to_string(), "there is no region 5: 5 are counted from 0");
    }

    #[test]
    fn the_continents_are_as_far_from_each_other_either_way_and_further_than_next_door() {
        let regions = Regions::five_continents();
        assert_eq!(regions.shortest(), Duration::from_micros(4_500));
        let nodes = nodes(10);
        for one in 0..5 {
            for other in 0..5 {
                let there = regions.between(nodes[one], nodes[other]);
                assert_eq!(there, regions.between(nodes[other], nodes[one]));
                assert!(
                    one == other || there.shortest() > regions.between(nodes[one], nodes[one + 5]).shortest()
                );
            }
        }
    }

    #[test]
    fn a_table_can_differ_by_direction_and_must_be_square() {
        let regions = Regions::new(["up", "down"], [[ms(1), ms(2)], [ms(3), ms(4)]]).unwrap();
        let nodes = nodes(2);
        assert_eq!(regions.between(nodes[0], nodes[1]), &ms(2).into());
        assert_eq!(regions.between(nodes[1], nodes[0]), &ms(3).into());
        let short = Regions::new(["up", "down"], [[ms(1), ms(2)]]).unwrap_err();
        assert_eq!(short, RegionsError::Shape { names: 2, rows: 1, columns: 2 });
        let nothing: [[Duration; 0]; 0] = [];
        let none = Regions::new([""; 0], nothing).unwrap_err();
        assert_eq!(none, RegionsError::Count { names: 0 });
    }
}
