//! The sizes of a decoder-only model, from the metadata of a GGUF file.

use candle_core::{Result, bail};

use crate::model::Gguf;

/// Far above any model of this kind, and far below what overflows when multiplied.
const LARGEST: usize = 1 << 20;

/// Sizes that every architecture has, checked to fit together.
#[derive(Debug, Clone)]
pub struct Sizes {
    pub layers: usize,
    pub width: usize,
    pub heads: usize,
    pub key_heads: usize,
    pub head_width: usize,
    pub feed_forward: usize,
    pub context: usize,
    pub vocabulary: usize,
    pub eps: f32,
}

impl Sizes {
    /// Reads `<architecture>.block_count` and so on.
    ///
    /// # Errors
    /// If one is missing, not a number, or they do not fit together.
    pub fn read(gguf: &Gguf) -> Result<Self> {
        let header = Header::new(gguf)?;
        let width = header.number("embedding_length")?;
        let heads = header.number("attention.head_count")?;
        let key_heads = header.optional("attention.head_count_kv")?.unwrap_or(heads);
        let head_width = match header.optional("attention.key_length")? {
            Some(width) => width,
            None => width.checked_div(heads).unwrap_or(0),
        };
        let sizes = Sizes {
            layers: header.number("block_count")?,
            width,
            heads,
            key_heads,
            head_width,
            feed_forward: header.number("feed_forward_length")?,
            context: header.number("context_length")?,
            vocabulary: match gguf.tensor("token_embd.weight")?.1 {
                [rows, columns] if *columns == width => *rows,
                dims => bail!("embeddings of shape {dims:?}"),
            },
            eps: header.real("attention.layer_norm_rms_epsilon")?,
        };
        let all = [
            sizes.layers,
            sizes.width,
            sizes.heads,
            sizes.key_heads,
            sizes.head_width,
            sizes.feed_forward,
            sizes.context,
        ];
        let turned = header
            .optional("rope.dimension_count")?
            .unwrap_or(head_width);
        let value_width = header
            .optional("attention.value_length")?
            .unwrap_or(head_width);
        if all.iter().any(|&size| size == 0 || size > LARGEST)
            || !heads.is_multiple_of(key_heads)
            || !head_width.is_multiple_of(2)
            || sizes.eps < 0.0
        {
            bail!("the GGUF file's metadata do not fit together: {sizes:?}");
        }
        if turned != head_width || value_width != head_width {
            bail!(
                "heads of {head_width} values of which {turned} are turned, with {value_width} values each, are not supported"
            );
        }
        Ok(sizes)
    }
}

/// Metadata under the architecture's own prefix.
pub struct Header<'a> {
    gguf: &'a Gguf,
    architecture: &'a str,
}

impl<'a> Header<'a> {
    /// # Errors
    /// If the file does not say its architecture.
    pub fn new(gguf: &'a Gguf) -> Result<Self> {
        match gguf.text("general.architecture")? {
            Some(architecture) => Ok(Header { gguf, architecture }),
            None => bail!("the GGUF file does not say of what architecture its model is"),
        }
    }

    fn key(&self, name: &str) -> String {
        format!("{}.{name}", self.architecture)
    }

    /// A whole number that must be there.
    pub fn number(&self, name: &str) -> Result<usize> {
        match self.optional(name)? {
            Some(number) => Ok(number),
            None => bail!("the GGUF file has no metadata {:?}", self.key(name)),
        }
    }

    /// A whole number that may be there.
    pub fn optional(&self, name: &str) -> Result<Option<usize>> {
        self.gguf.number(&self.key(name))
    }

    /// A real number that must be there.
    pub fn real(&self, name: &str) -> Result<f32> {
        match self.gguf.real(&self.key(name))? {
            Some(real) => Ok(real),
            None => bail!("the GGUF file has no metadata {:?}", self.key(name)),
        }
    }

    /// A real number that may be there.
    pub fn optional_real(&self, name: &str) -> Result<Option<f32>> {
        self.gguf.real(&self.key(name))
    }

    /// The factor by which positions are stretched: `rope.scaling.*`, of which linear scaling alone is supported.
    ///
    /// # Errors
    /// If the file asks for another kind.
    pub fn stretch(&self) -> Result<f32> {
        match self.gguf.text(&self.key("rope.scaling.type"))? {
            None | Some("none") => Ok(1.0),
            Some("linear") => self.real("rope.scaling.factor"),
            Some(kind) => bail!("rotary positions scaled as {kind:?} are not supported"),
        }
    }
}
