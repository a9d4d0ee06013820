//! From what there is to tell to what stands on standard output.

mod company;
mod json;
mod listing;
mod palette;
mod private;
mod reasons;
mod text;

pub(crate) use json::Json;
pub(crate) use palette::Palette;
pub(crate) use text::Text;

use crate::notice::Notice;

/// A way of telling.
pub(crate) trait Render {
    /// Appends what `notice` looks like, in whole lines; nothing if it is not worth telling.
    fn render(&mut self, notice: &Notice<'_>, to: &mut String);

    /// Whether a person reads it, who need not be told everything.
    fn is_for_people(&self) -> bool;
}
