//! What a student's configuration says, and that it says nothing that is not done here.

use serde::Deserialize;

/// The sizes that a student's configuration gives, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Words of the source and the target.
    pub vocabularies: [usize; 2],
    /// Values of a token.
    pub width: usize,
    pub heads: usize,
    pub encoder_layers: usize,
    /// For each layer of the decoder, the number of the one whose weights it has, from 1.
    pub decoder_layers: Vec<usize>,
    /// Inner width of the feed-forwards of encoder and decoder.
    pub inner: [usize; 2],
    pub activation: Activation,
    /// Which tables of embeddings the file has.
    pub tables: Tables,
}

/// The tables of embeddings in a file; the head is the target's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tables {
    /// One for source and target.
    Shared,
    /// One each.
    Separate,
}

/// Non-linearities of the feed-forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    Relu,
    /// Also SiLU.
    Swish,
}

/// The settings as Marian names them. Those without a default are in every configuration; the defaults of the others
/// are what Marian did before it had them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Settings {
    #[serde(rename = "type")]
    kind: String,
    dim_vocabs: Vec<u64>,
    dim_emb: u64,
    enc_depth: u64,
    dec_depth: u64,
    transformer_heads: u64,
    transformer_dim_ffn: u64,
    transformer_decoder_autoreg: String,
    dec_cell: String,
    dec_cell_base_depth: u64,
    dec_cell_high_depth: u64,
    transformer_ffn_activation: String,
    transformer_ffn_depth: u64,
    transformer_preprocess: String,
    transformer_postprocess: String,
    transformer_postprocess_emb: String,
    #[serde(default)]
    transformer_postprocess_top: String,
    #[serde(default)]
    transformer_decoder_dim_ffn: u64,
    #[serde(default)]
    transformer_decoder_ffn_depth: u64,
    #[serde(default)]
    transformer_tied_layers: Vec<u64>,
    #[serde(default)]
    transformer_train_position_embeddings: bool,
    #[serde(default)]
    transformer_no_projection: bool,
    #[serde(default)]
    transformer_rnn_projection: bool,
    #[serde(default)]
    transformer_no_bias: bool,
    #[serde(default)]
    transformer_no_affine: bool,
    #[serde(default)]
    transformer_pool: bool,
    #[serde(default)]
    tied_embeddings: bool,
    #[serde(default)]
    tied_embeddings_src: bool,
    #[serde(default)]
    tied_embeddings_all: bool,
    #[serde(default)]
    output_omit_bias: bool,
    #[serde(default)]
    right_left: bool,
    #[serde(default)]
    ulr: bool,
    #[serde(default)]
    input_types: Vec<String>,
    #[serde(default)]
    lemma_dim_emb: u64,
}

impl Config {
    /// Reads the YAML of `special:model.yml`.
    ///
    /// # Errors
    /// If it is not a configuration, a size makes no sense, or a setting asks for what is not done here, by name.
    pub fn read(text: &str) -> Result<Self, String> {
        let settings: Settings = serde_saphyr::from_str(text)
            .map_err(|e| format!("not a configuration of Marian: {e}"))?;
        settings.check()?;
        let size = |name: &str, value: u64, largest: usize| match usize::try_from(value) {
            Ok(size) if (1..=largest).contains(&size) => Ok(size),
            _ => Err(format!("{name} is {value}, not between 1 and {largest}")),
        };
        let &[source, target] = settings.dim_vocabs.as_slice() else {
            return Err(format!(
                "dim-vocabs names {} vocabularies, not two",
                settings.dim_vocabs.len()
            ));
        };
        let width = size("dim-emb", settings.dim_emb, 1 << 14)?;
        let heads = size("transformer-heads", settings.transformer_heads, width)?;
        if !width.is_multiple_of(heads) || !width.is_multiple_of(2) {
            return Err(format!("dim-emb {width} does not fit {heads} heads"));
        }
        let inner = size("transformer-dim-ffn", settings.transformer_dim_ffn, 1 << 17)?;
        let decoder_inner = match settings.transformer_decoder_dim_ffn {
            0 => inner,
            own => size("transformer-decoder-dim-ffn", own, 1 << 17)?,
        };
        let depth = size("dec-depth", settings.dec_depth, 256)?;
        let decoder_layers = match settings.transformer_tied_layers.as_slice() {
            [] => (1..=depth).collect(),
            tied if tied.len() == depth => tied
                .iter()
                .map(|&layer| size("transformer-tied-layers", layer, depth))
                .collect::<Result<_, _>>()?,
            tied => {
                return Err(format!(
                    "transformer-tied-layers names {} layers of {depth}",
                    tied.len()
                ));
            }
        };
        let activation = match settings.transformer_ffn_activation.as_str() {
            "relu" => Activation::Relu,
            "swish" => Activation::Swish,
            other => {
                return Err(format!(
                    "transformer-ffn-activation {other} is neither relu nor swish"
                ));
            }
        };
        let tables = match settings.tied_embeddings_all {
            true => Tables::Shared,
            false => Tables::Separate,
        };
        if tables == Tables::Shared && source != target {
            return Err("tied-embeddings-all ties vocabularies of two sizes".to_owned());
        }
        Ok(Config {
            vocabularies: [
                size("dim-vocabs", source, 1 << 22)?,
                size("dim-vocabs", target, 1 << 22)?,
            ],
            width,
            heads,
            encoder_layers: size("enc-depth", settings.enc_depth, 256)?,
            decoder_layers,
            inner: [inner, decoder_inner],
            activation,
            tables,
        })
    }
}

impl Settings {
    /// # Errors
    /// If a setting asks for what is not done here.
    fn check(&self) -> Result<(), String> {
        // Dropout is for training.
        let steps = |text: &str| text.replace('d', "");
        let decoder_ffn = self.transformer_decoder_ffn_depth;
        let tied = self.tied_embeddings_all || self.tied_embeddings && !self.tied_embeddings_src;
        let supported = [
            ("type", self.kind == "transformer"),
            (
                "transformer-decoder-autoreg",
                self.transformer_decoder_autoreg == "rnn",
            ),
            ("dec-cell", self.dec_cell == "ssru"),
            ("dec-cell-base-depth", self.dec_cell_base_depth == 2),
            ("dec-cell-high-depth", self.dec_cell_high_depth == 1),
            ("transformer-ffn-depth", self.transformer_ffn_depth == 2),
            (
                "transformer-decoder-ffn-depth",
                matches!(decoder_ffn, 0 | 2),
            ),
            (
                "transformer-preprocess",
                steps(&self.transformer_preprocess).is_empty(),
            ),
            (
                "transformer-postprocess",
                steps(&self.transformer_postprocess) == "an",
            ),
            (
                "transformer-postprocess-emb",
                steps(&self.transformer_postprocess_emb).is_empty(),
            ),
            (
                "transformer-postprocess-top",
                steps(&self.transformer_postprocess_top).is_empty(),
            ),
            (
                "transformer-train-position-embeddings",
                !self.transformer_train_position_embeddings,
            ),
            ("transformer-no-projection", !self.transformer_no_projection),
            (
                "transformer-rnn-projection",
                !self.transformer_rnn_projection,
            ),
            ("transformer-no-bias", !self.transformer_no_bias),
            ("transformer-no-affine", !self.transformer_no_affine),
            ("transformer-pool", !self.transformer_pool),
            ("tied-embeddings", tied),
            ("output-omit-bias", !self.output_omit_bias),
            ("right-left", !self.right_left),
            ("ulr", !self.ulr),
            ("input-types", self.input_types.is_empty()),
            ("lemma-dim-emb", self.lemma_dim_emb == 0),
        ];
        match supported.iter().find(|(_, supported)| !supported) {
            Some((key, _)) => Err(format!("its setting of {key} is not supported")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TINY: &str = "\
type: transformer
dim-vocabs:
  - 32000
  - 32000
dim-emb: 256
dim-rnn: 1024
enc-depth: 6
dec-depth: 2
dec-cell: ssru
dec-cell-base-depth: 2
dec-cell-high-depth: 1
tied-embeddings-all: true
transformer-decoder-autoreg: rnn
transformer-dim-ffn: 1536
transformer-ffn-activation: relu
transformer-ffn-depth: 2
transformer-heads: 8
transformer-postprocess: dan
transformer-postprocess-emb: d
transformer-preprocess: \"\"
transformer-tied-layers:
  []
input-types:
  []
version: v1.9.56 2021-04-28 00:28:35 +0100
";

    fn with(from: &str, to: &str) -> Result<Config, String> {
        assert!(TINY.contains(from), "{from}");
        Config::read(&TINY.replace(from, to))
    }

    #[test]
    fn sizes_are_read() {
        let expected = Config {
            vocabularies: [32_000; 2],
            width: 256,
            heads: 8,
            encoder_layers: 6,
            decoder_layers: vec![1, 2],
            inner: [1536; 2],
            activation: Activation::Relu,
            tables: Tables::Shared,
        };
        assert_eq!(Config::read(TINY).unwrap(), expected);
        let tied = with(
            "tied-layers:\n  []",
            "tied-layers: [1, 1]\ntransformer-decoder-dim-ffn: 512",
        );
        let tied = tied.unwrap();
        assert_eq!((tied.decoder_layers, tied.inner), (vec![1, 1], [1536, 512]));
        let two = TINY.replacen("- 32000", "- 64000", 1);
        let two = two.replace("tied-embeddings-all", "tied-embeddings");
        let two = Config::read(&two).unwrap();
        assert_eq!(
            (two.vocabularies, two.tables),
            ([64_000, 32_000], Tables::Separate)
        );
    }

    #[test]
    fn what_is_not_done_is_refused_by_name() {
        for (from, to, key) in [
            ("type: transformer", "type: s2s", "type"),
            (
                "autoreg: rnn",
                "autoreg: self-attention",
                "transformer-decoder-autoreg",
            ),
            ("dec-cell: ssru", "dec-cell: gru", "dec-cell"),
            (
                "postprocess: dan",
                "postprocess: da",
                "transformer-postprocess",
            ),
            (
                "preprocess: \"\"",
                "preprocess: n",
                "transformer-preprocess",
            ),
            ("emb: d", "emb: nd", "transformer-postprocess-emb"),
            (
                "activation: relu",
                "activation: gelu",
                "transformer-ffn-activation",
            ),
            ("ffn-depth: 2", "ffn-depth: 3", "transformer-ffn-depth"),
            (
                "embeddings-all: true",
                "embeddings-all: false",
                "tied-embeddings",
            ),
            ("input-types:\n  []", "input-types: [factor]", "input-types"),
            ("version: v1", "right-left: true\nversion: v1", "right-left"),
            ("dim-emb: 256", "dim-emb: 0", "dim-emb"),
            ("dim-emb: 256", "dim-emb: 1000000000", "dim-emb"),
            ("heads: 8", "heads: 7", "heads"),
            ("  - 32000\n  - 32000", "  - 32000", "dim-vocabs"),
            (
                "tied-layers:\n  []",
                "tied-layers: [1, 3]",
                "transformer-tied-layers",
            ),
            (
                "tied-layers:\n  []",
                "tied-layers: [1]",
                "transformer-tied-layers",
            ),
            (
                "dec-depth: 2",
                "dec-depth: 18446744073709551615",
                "dec-depth",
            ),
        ] {
            let error = with(from, to).unwrap_err();
            assert!(error.contains(key), "{to}: {error}");
        }
        assert!(Config::read("").is_err());
        assert!(Config::read("- 1").is_err());
        assert!(Config::read("type: [").is_err());
    }
}
