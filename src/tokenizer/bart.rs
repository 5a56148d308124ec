//! BART: byte-level BPE from `vocab.json` and `merges.txt`.

use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;

use super::TokenizerError::{self, Malformed};
use super::codec::{Codec, Parts, Specials};
use super::folder::Folder;
use super::library::Library;

/// The most `merges.txt` may have.
const MAX_BYTES: u64 = 16 << 20;

pub(super) fn load(folder: &Folder) -> Result<Parts, TokenizerError> {
    let (library, specials) = match folder.library()? {
        Some(read) => read,
        None => read(folder)?,
    };
    let end = specials.id("</s>")?;
    Ok(Parts {
        prefix: vec![specials.id("<s>")?],
        suffix: vec![end],
        special: specials.ids(),
        reserved: specials.ids(),
        end,
        unknown: specials.get("<unk>"),
        target_language: None,
        // It would take spaces out that the model wrote: transformers leaves it out for this kind too.
        clean_up: false,
        codec: Box::new(library) as Box<dyn Codec>,
    })
}

fn read(folder: &Folder) -> Result<(Library, Specials), TokenizerError> {
    let vocabulary = folder.vocabulary("vocab.json")?;
    let mut specials = Specials::default();
    for name in ["<s>", "<pad>", "</s>", "<unk>", "<mask>"] {
        if let Some(id) = vocabulary.get(name) {
            specials.insert(name, *id);
        }
    }
    let merges = String::from_utf8(folder.bytes("merges.txt", MAX_BYTES)?)
        .map_err(|_| Malformed("merges.txt: not UTF-8".to_owned()))?;
    let pair = |(number, line): (usize, &str)| {
        let pair = line.split_once(' ');
        let pair = pair.filter(|(left, right)| !left.is_empty() && !right.is_empty());
        let (left, right) =
            pair.ok_or_else(|| Malformed(format!("merges.txt: line {} is no pair", number + 1)))?;
        Ok((left.to_owned(), right.to_owned()))
    };
    let merges: Vec<_> = merges
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.starts_with("#version") && !line.is_empty())
        .map(pair)
        .collect::<Result<_, _>>()?;
    let bpe = BPE::builder()
        .vocab_and_merges(vocabulary.into_iter().collect::<Vocab>(), merges)
        .build()
        .map_err(|e| Malformed(format!("merges.txt: {e}")))?;
    let bytes =
        ByteLevel::default().add_prefix_space(folder.config.add_prefix_space.unwrap_or(false));
    let mut inner = tokenizers::Tokenizer::new(bpe);
    inner.with_pre_tokenizer(Some(bytes));
    inner.with_decoder(Some(bytes));
    Ok((Library::bare(inner, &specials), specials))
}
