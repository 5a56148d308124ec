//! Plain text: blocks are what blank lines separate.

use super::block::{Block, Kind, is_blank, lines};

/// The blocks of a plain text. Which lines of a block are paragraphs of their own and which are
/// one paragraph wrapped is for the layout to say.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open = None;
    for line in lines(text) {
        if !text[line.clone()].chars().all(is_blank) {
            open = Some(open.map_or(line.start, |(start, _)| start)).map(|start| (start, line.end));
        } else if let Some((start, end)) = open.take() {
            blocks.push(Block::verbatim(Kind::Lines, text, start..end));
        }
    }
    if let Some((start, end)) = open {
        blocks.push(Block::verbatim(Kind::Lines, text, start..end));
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_separate_blocks() {
        let text = "\u{feff}শিরোনাম\r\n\r\nএক\r\nদুই\r\n \t\u{200b}\r\nতিন";
        let found: Vec<String> = blocks(text).into_iter().map(|b| b.text).collect();
        assert_eq!(found, ["\u{feff}শিরোনাম", "এক\r\nদুই", "তিন"]);
        assert!(blocks(" \n\n\t\n").is_empty());
    }
}
