//! Times that were measured, and what they come to.

use std::time::Duration;

#[derive(Default)]
pub struct Figures(Vec<Duration>);

impl Figures {
    pub fn add(&mut self, time: Duration) {
        let index = self.0.partition_point(|other| *other <= time);
        self.0.insert(index, time);
    }

    /// The nearest rank: one of the values, not a mean of two.
    pub fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or_default()
    }

    pub fn median(&self) -> Duration {
        self.percentile(50)
    }

    pub fn range(&self) -> (Duration, Duration) {
        (self.percentile(0), self.percentile(100))
    }
}

#[cfg(test)]
mod tests {
    use super::Figures;
    use std::time::Duration;

    #[test]
    fn ranks_are_values_that_were_measured() {
        let mut figures = Figures::default();
        for ms in [5, 1, 4, 2, 3] {
            figures.add(Duration::from_millis(ms));
        }
        let ms = |time: Duration| time.as_millis();
        assert_eq!((ms(figures.median()), ms(figures.percentile(95))), (3, 5));
        assert_eq!((ms(figures.range().0), ms(figures.range().1)), (1, 5));
        assert_eq!(Figures::default().median(), Duration::ZERO);
    }
}
