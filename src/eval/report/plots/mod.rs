//! What the plots of a report show, as coordinates: the page's template only draws them.
//!
//! Coordinates are pixels from the upper left, rounded to tenths. All plots are [`WIDTH`] wide, so that text in them
//! is as legible on a phone as on a desk, and grow downwards.

mod axis;
mod distribution;
mod parts;
mod speed;

use unicode_segmentation::UnicodeSegmentation;

pub use distribution::distribution;
pub use parts::parts;
pub use speed::speed_and_quality;

/// Width of a plot.
pub const WIDTH: f64 = 440.0;

/// Room at the left and at the right of what is drawn.
const MARGIN: f64 = 14.0;

/// A name as there is room for it beside what is drawn. The whole name stands in the tables.
fn short(name: &str) -> String {
    const MOST: usize = 28;
    let mut letters = name.graphemes(true);
    let mut short: String = letters.by_ref().take(MOST).collect();
    if letters.next().is_some() {
        short.push('…');
    }
    short
}

/// Rounds to tenths of a pixel: nobody sees more, and pages stay small.
fn px(at: f64) -> f64 {
    (at * 10.0).round() / 10.0
}
