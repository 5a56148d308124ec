//! Which sentences of a report are worth a look.

use super::{Report, SegmentReport};

/// Sentences, by position in [`Report::segments`], that a system did worst on by a metric, worst first; of equals
/// the earlier first. Those without a score are not among them.
pub fn worst(report: &Report, system: usize, metric: usize, count: usize) -> Vec<usize> {
    let least = least(report, count, |segment| {
        goodness(report, segment, system, metric)
    });
    least.into_iter().map(|(segment, _)| segment).collect()
}

/// Sentences whose scores by a metric differ most between the baseline and a system, with the system's gain: below
/// zero where the baseline is better. Those that do not differ are not among them.
pub fn most_changed(
    report: &Report,
    system: usize,
    metric: usize,
    count: usize,
) -> Vec<(usize, f64)> {
    let gain = |segment: &SegmentReport| {
        let baseline = goodness(report, segment, 0, metric)?;
        Some(goodness(report, segment, system, metric)? - baseline)
    };
    let loss = |segment: &SegmentReport| Some(-gain(segment)?.abs()).filter(|&loss| loss < 0.0);
    let changed = least(report, count, loss);
    let with_gain = changed.into_iter().filter_map(|(position, _)| {
        let gain = gain(&report.segments[position])?;
        Some((position, gain))
    });
    with_gain.collect()
}

/// The score of a sentence, turned so that more is better; none where there is no finite one.
pub fn goodness(
    report: &Report,
    segment: &SegmentReport,
    system: usize,
    metric: usize,
) -> Option<f64> {
    let score = *segment.outputs.get(system)?.scores.get(metric)?;
    let sign = match report.metrics.get(metric)?.higher_is_better {
        true => 1.0,
        false => -1.0,
    };
    score.is_finite().then_some(sign * score)
}

/// The segments of least value, with it, in order of value and then position. Those without a value are not among them.
pub fn least(
    report: &Report,
    count: usize,
    value: impl Fn(&SegmentReport) -> Option<f64>,
) -> Vec<(usize, f64)> {
    let segments = report.segments.iter().enumerate();
    let mut valued: Vec<(usize, f64)> = segments
        .filter_map(|(position, segment)| Some((position, value(segment)?)))
        .collect();
    valued.sort_by(|(_, a), (_, b)| a.total_cmp(b));
    valued.truncate(count);
    valued
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn the_worst_are_the_least_of_what_should_be_great_and_the_greatest_of_what_should_be_small() {
        let mut report = sample::report();
        let scores = [[30.0, 90.0], [10.0, 40.0], [20.0, 95.0], [f64::NAN, 1.0]];
        for (segment, scores) in report.segments.iter_mut().zip(scores) {
            segment.outputs[0].scores = scores.to_vec();
        }
        assert_eq!(worst(&report, 0, 0, 2), [1, 2]);
        assert_eq!(worst(&report, 0, 0, 9), [1, 2, 0]);
        assert_eq!(worst(&report, 0, 1, 2), [2, 0]);
        assert!(worst(&report, 7, 0, 2).is_empty() && worst(&report, 0, 7, 2).is_empty());
    }

    #[test]
    fn what_changed_most_comes_first_whichever_way() {
        let mut report = sample::report();
        let scores = [[50.0, 52.0], [50.0, 10.0], [50.0, 50.0], [50.0, 80.0]];
        for (segment, [baseline, system]) in report.segments.iter_mut().zip(scores) {
            segment.outputs[0].scores[0] = baseline;
            segment.outputs[1].scores[0] = system;
        }
        let changed = most_changed(&report, 1, 0, 9);
        assert_eq!(changed, [(1, -40.0), (3, 30.0), (0, 2.0)]);
    }
}
