//! Bengali text: normalisation, digits and numbers, sentence splitting, script detection.
