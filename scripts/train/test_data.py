"""Tests of what the training set is made by: `python -m unittest test_data` in this folder."""

import random
import unittest

import examples
import filters
import texts
from sources import Pair


def fate(bengali, english, source="tico19"):
    return next((reason for test in filters.FILTERS if (reason := test(Pair(bengali, english, source)))), None)


class Texts(unittest.TestCase):
    def test_words_of_either_encoding_are_the_same(self):
        self.assertEqual(texts.words("বা\u09dc\u09bf, ৫০টি"), texts.words("বা\u09a1\u09bc\u09bf ৫০টি।"))

    def test_a_sentence_has_all_its_runs(self):
        self.assertEqual(texts.ngrams("One two, three.", 2), {("one", "two"), ("two", "three")})
        self.assertEqual(texts.ngrams("One", 2), {("one",)})

    def test_numbers_are_the_same_in_both_scripts(self):
        self.assertEqual(texts.numbers("৫,০০০ জন, ৩.৫%"), texts.numbers("3.5% of 5,000"))


class Filters(unittest.TestCase):
    def test_a_translation_passes(self):
        self.assertIsNone(fate("নদীর পানি ২২ সেন্টিমিটার ওপরে।", "The river is 22 centimetres higher."))

    def test_each_filter_tells_why(self):
        for bengali, english, reason in [
            ("%s ফাইল খোলা যায়নি", "Could not open %s", "markup"),
            ("Hello world", "Hello world", "source not Bengali"),
            ("অসমীয়া ভাষাৰ বাতৰি", "News in Assamese", "source not Bengali"),
            ("আজ বৃষ্টি হবে।", "আজ rain", "target not English"),
            ("হ্যাঁ, অবশ্যই তা করা যেতে পারে বলে মনে হয়।", "Yes.", "odd ratio of lengths"),
            ("৫ জন মারা গেছেন।", "6 people died.", "numbers differ"),
        ]:
            self.assertEqual(fate(bengali, english), reason, english)

    def test_our_own_may_write_numbers_in_words(self):
        self.assertIsNone(fate("৫ জন মারা গেছেন।", "Five people died.", "pairs/world"))

    def test_duplicates_are_dropped_and_paraphrases_kept_twice(self):
        seen = filters.Duplicates()
        fates = [seen(Pair("সে এল।", english, "x")) for english in ("He came.", "he came", "She came.", "It came.")]
        self.assertEqual(fates, [None, "duplicate", None, "one side too often"])

    def test_eight_words_of_a_test_set_are_enough_to_drop_a_pair(self):
        line = "The council of the town met late on Monday night to vote."
        held_out = filters.HeldOut([line])
        self.assertIsNotNone(held_out(Pair("ক", "Yesterday the council of the town met late on Monday.", "x")))
        self.assertIsNone(held_out(Pair("ক", "The council of the town met on Tuesday.", "x")))


class Noise(unittest.TestCase):
    line = {"gloss": "of Rahman / Rahman | house / home | 5", "words": [(0, 18, "~rahmaner"), (21, 33, "~bari")]}

    def test_certain_noise_does_what_it_says(self):
        for noise, gloss in [
            (examples.Noise(), self.line["gloss"]),
            (examples.Noise(no_gloss=1), ""),
            (examples.Noise(spelt_name=1), "~rahmaner | house / home | 5"),
            (examples.Noise(spelt=1), "of Rahman / Rahman | ~bari | 5"),
            (examples.Noise(first_sense=1), "of Rahman | house | 5"),
        ]:
            self.assertEqual(noise(self.line, random.Random(1)), gloss)


class Batches(unittest.TestCase):
    def test_no_batch_is_too_large_and_no_row_is_lost(self):
        rng = random.Random(3)
        rows = [([1] * rng.randint(1, 90), 0) for _ in range(200)]
        groups = examples.batches(rows, 256, rng)
        self.assertEqual(sum(map(len, groups)), 200)
        self.assertTrue(all(len(group) * max(len(ids) for ids, _ in group) <= 256 for group in groups))

    def test_a_pass_is_a_function_of_its_seed(self):
        lines = [{"topic": source, "n": n} for source in "ab" for n in range(10)]
        weights = {"a": 1.5, "b": 0.2}
        first, again = (examples.mixture(lines, weights, random.Random(7)) for _ in range(2))
        self.assertEqual(first, again)
        self.assertEqual([sum(line["topic"] == source for line in first) for source in "ab"], [15, 2])


if __name__ == "__main__":
    unittest.main()
