//! The layout of the weights.

use candle_core::{Result, bail};

pub use super::lines::Line;
use super::lines::Lines;
use super::{DEPTH, GROUP, WIDTH};

/// A matrix of signed bytes, (outputs, inputs), in lines: those of the first 16 outputs in the order of their inputs,
/// then those of the next 16, … Outputs are padded to a multiple of 16 and inputs to a multiple of 64 with zeros.
pub struct Panels {
    lines: Lines,
    /// -128 times the sum of each output's weights, padding included: what activations with 128 added to them get too much.
    offsets: Vec<i32>,
    outputs: usize,
    inputs: usize,
}

impl Panels {
    /// Lays out `weights`, the inputs of the first output, then those of the next, …
    ///
    /// # Errors
    /// If there are not `outputs` × `inputs` weights, one is -128, or there are so many inputs that sums could overflow.
    pub fn new(weights: &[i8], outputs: usize, inputs: usize) -> Result<Self> {
        if inputs == 0 || inputs > MOST_INPUTS || Some(weights.len()) != outputs.checked_mul(inputs)
        {
            bail!(
                "{} weights for {outputs} outputs of {inputs} inputs",
                weights.len()
            );
        }
        if weights.contains(&i8::MIN) {
            bail!("a weight of -128, which has no counterpart");
        }
        let groups = inputs.next_multiple_of(DEPTH) / GROUP;
        let mut lines = vec![Line([0; WIDTH * GROUP]); outputs.div_ceil(WIDTH) * groups];
        for (n, row) in weights.chunks_exact(inputs).enumerate() {
            let panel = &mut lines[n / WIDTH * groups..][..groups];
            for (line, group) in panel.iter_mut().zip(row.chunks(GROUP)) {
                line.0[n % WIDTH * GROUP..][..group.len()].copy_from_slice(group);
            }
        }
        Ok(Self::of(lines, outputs, inputs))
    }

    /// Those of these outputs alone, which must be there, in this order.
    pub fn select(&self, outputs: &[u32]) -> Self {
        let groups = self.depth() / GROUP;
        let mut lines = vec![Line([0; WIDTH * GROUP]); outputs.len().div_ceil(WIDTH) * groups];
        let mut offsets = vec![0; lines.len() / groups * WIDTH];
        let panels = lines.chunks_exact_mut(groups).zip(outputs.chunks(WIDTH));
        for (panel, outputs) in panels {
            for (to, &output) in outputs.iter().enumerate() {
                let (from, at) = (self.panel(output as usize / WIDTH), output as usize % WIDTH);
                for (line, from) in panel.iter_mut().zip(from) {
                    line.0.as_chunks_mut::<GROUP>().0[to] = from.0.as_chunks::<GROUP>().0[at];
                }
            }
        }
        for (offset, &output) in offsets.iter_mut().zip(outputs) {
            *offset = self.offsets[output as usize];
        }
        Panels {
            lines: Lines::Owned(lines),
            offsets,
            outputs: outputs.len(),
            inputs: self.inputs,
        }
    }

    fn of(lines: Vec<Line>, outputs: usize, inputs: usize) -> Self {
        let groups = inputs.next_multiple_of(DEPTH) / GROUP;
        let mut offsets = vec![0i32; lines.len() / groups * WIDTH];
        for (panel, offsets) in lines
            .chunks_exact(groups)
            .zip(offsets.chunks_exact_mut(WIDTH))
        {
            for line in panel {
                for (offset, group) in offsets.iter_mut().zip(line.0.as_chunks::<GROUP>().0) {
                    *offset -= 128 * group.iter().map(|&w| i32::from(w)).sum::<i32>();
                }
            }
        }
        Panels {
            lines: Lines::Owned(lines),
            offsets,
            outputs,
            inputs,
        }
    }

    /// Weights that are laid out already, with their offsets, as [`Panels::lines`] and [`Panels::all_offsets`] gave them.
    ///
    /// # Errors
    /// If there are not as many as `outputs` × `inputs` weights have.
    pub fn from_lines(
        lines: Lines,
        offsets: Vec<i32>,
        outputs: usize,
        inputs: usize,
    ) -> Result<Self> {
        let panels = Panels {
            lines,
            offsets,
            outputs,
            inputs,
        };
        let lines = panels.lines.as_slice().len();
        if inputs == 0
            || inputs > MOST_INPUTS
            || panels.count().checked_mul(panels.depth() / GROUP) != Some(lines)
            || panels.count().checked_mul(WIDTH) != Some(panels.offsets.len())
        {
            bail!("{lines} lines of weights are not {outputs} outputs of {inputs} inputs");
        }
        Ok(panels)
    }

    /// Outputs without padding.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Inputs without padding.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Inputs with padding.
    pub fn depth(&self) -> usize {
        self.inputs.next_multiple_of(DEPTH)
    }

    /// Number of panels.
    pub fn count(&self) -> usize {
        self.outputs.div_ceil(WIDTH)
    }

    /// The lines of panel `n`.
    pub fn panel(&self, n: usize) -> &[Line] {
        let groups = self.depth() / GROUP;
        &self.lines.as_slice()[n * groups..][..groups]
    }

    /// All lines.
    pub fn lines(&self) -> &Lines {
        &self.lines
    }

    /// All offsets, 16 a panel.
    pub fn all_offsets(&self) -> &[i32] {
        &self.offsets
    }

    /// The offsets of panel `n`.
    pub fn offsets(&self, n: usize) -> &[i32; WIDTH] {
        &self.offsets.as_chunks::<WIDTH>().0[n]
    }

    /// The weights of one output.
    pub fn output(&self, n: usize) -> impl Iterator<Item = i8> {
        let groups = self.panel(n / WIDTH).iter();
        let at = n % WIDTH * GROUP;
        groups
            .flat_map(move |line| line.0[at..at + GROUP].iter().copied())
            .take(self.inputs)
    }
}

/// Inputs with which no sum of products of 255 × 127, and no sum of weights times 128, overflows.
const MOST_INPUTS: usize = i32::MAX as usize / (255 * 128);
