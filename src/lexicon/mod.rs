//! Bengali-English word forms: look-up, endings taken off, spelling of names, the gloss of a sentence.
