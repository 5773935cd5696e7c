//! What a tenant may spend on models in a month. What a call may come to is reserved before it is made and settled after it, so
//! that calls at the same time never spend more together than one after another might.

use std::fmt;

use crate::file::ContentType;
use crate::time::Timestamp;

pub const MICRO_DOLLARS_PER_CENT: u64 = 10_000;
/// What a call adds to a document: the instructions and the schema, amply.
const INSTRUCTIONS_TOKENS: u64 = 4_000;
/// Models scale images down before they count them: amply what any of them makes of one.
const IMAGE_TOKENS: u64 = 16_000;

/// A month of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i64,
    month: i64,
}

impl Month {
    /// Days to a date of the Gregorian calendar, by years that begin in March
    /// (<https://howardhinnant.github.io/date_algorithms.html>, `civil_from_days`).
    pub fn of(at: Timestamp) -> Self {
        let days = at.as_seconds().div_euclid(86_400) + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        Self { year: year_of_era + era * 400 + i64::from(month <= 2), month }
    }

    /// `2026-11`.
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let (year, month) = (year.parse().ok()?, month.parse().ok()?);
        (1..=12).contains(&month).then_some(Self { year, month })
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// What a model counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    pub input_tokens: u64,
    pub output_tokens: u64,
}

/// Tokens, and what they cost in millionths of a US dollar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spending {
    pub tokens: u64,
    pub micro_dollars: u64,
}

impl Spending {
    pub fn plus(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_add(other.tokens),
            micro_dollars: self.micro_dollars.saturating_add(other.micro_dollars),
        }
    }

    pub fn less(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_sub(other.tokens),
            micro_dollars: self.micro_dollars.saturating_sub(other.micro_dollars),
        }
    }

    pub fn is_within(self, cap: Self) -> bool {
        self.tokens <= cap.tokens && self.micro_dollars <= cap.micro_dollars
    }

    /// How much may have been spent for this to fit under the cap; none when it never does.
    pub fn room_under(self, cap: Self) -> Option<Self> {
        self.is_within(cap).then(|| cap.less(self))
    }

    /// The lesser of each.
    pub fn at_most(self, other: Self) -> Self {
        Self { tokens: self.tokens.min(other.tokens), micro_dollars: self.micro_dollars.min(other.micro_dollars) }
    }
}

/// What the model is and costs, and what anybody may spend: the operator's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelTerms {
    /// US cents for a million tokens.
    pub input_cents: u64,
    pub output_cents: u64,
    /// What the model takes at most; it refuses more.
    pub context_tokens: u64,
    /// What it is let answer.
    pub output_tokens: u64,
    /// Of a tenant, each month.
    pub cap: Spending,
}

impl ModelTerms {
    pub fn spending(&self, usage: Usage) -> Spending {
        let Usage { input_tokens, output_tokens } = usage;
        let price = |tokens: u64, cents: u64| tokens.saturating_mul(cents).div_ceil(100);
        let micro_dollars =
            price(input_tokens, self.input_cents).saturating_add(price(output_tokens, self.output_cents));
        Spending { tokens: input_tokens.saturating_add(output_tokens), micro_dollars }
    }

    /// What reading a document of so many bytes comes to at the most. A token of text is at least a byte; how much text is
    /// in a PDF only the model finds out.
    pub fn spending_at_most(&self, content_type: ContentType, bytes: u64) -> Spending {
        let document = match content_type {
            ContentType::Text | ContentType::Csv => bytes,
            ContentType::Png | ContentType::Jpeg | ContentType::Webp => IMAGE_TOKENS,
            ContentType::Pdf => self.context_tokens,
        };
        let input_tokens = document.saturating_add(INSTRUCTIONS_TOKENS).min(self.context_tokens);
        self.spending(Usage { input_tokens, output_tokens: self.output_tokens })
    }
}

/// What a tenant allows itself, below what it is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExtractionSettings {
    pub tokens_per_month: Option<u64>,
    /// US cents.
    pub cents_per_month: Option<u64>,
    /// 0 of what nobody has set, and of what was set before versions were counted.
    pub version: u64,
}

impl ExtractionSettings {
    pub fn cap(&self, terms: &ModelTerms) -> Spending {
        let own = Spending {
            tokens: self.tokens_per_month.unwrap_or(u64::MAX),
            micro_dollars: self.cents_per_month.map_or(u64::MAX, |cents| cents.saturating_mul(MICRO_DOLLARS_PER_CENT)),
        };
        terms.cap.at_most(own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: ModelTerms = ModelTerms {
        input_cents: 100,
        output_cents: 500,
        context_tokens: 200_000,
        output_tokens: 8_000,
        cap: Spending { tokens: 1_000_000, micro_dollars: 5_000_000 },
    };

    #[test]
    fn months_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01"),
            (951_782_399, "2000-02"),
            (951_868_800, "2000-03"),
            (1_709_164_800, "2024-02"),
            (1_709_251_199, "2024-02"),
            (1_709_251_200, "2024-03"),
            (1_798_761_599, "2026-12"),
            (1_798_761_600, "2027-01"),
        ] {
            let month = Month::of(Timestamp::from_ms(seconds * 1_000));
            assert_eq!((month.to_string().as_str(), Month::parse(expected)), (expected, Some(month)), "{seconds}");
        }
    }

    #[test]
    fn what_tokens_cost_is_rounded_up() {
        let spending = |input_tokens, output_tokens| TERMS.spending(Usage { input_tokens, output_tokens });
        assert_eq!(spending(0, 0), Spending::default());
        assert_eq!(spending(1_000_000, 0).micro_dollars, 1_000_000);
        assert_eq!(spending(0, 1_000_000).micro_dollars, 5_000_000);
        let cheap = ModelTerms { input_cents: 1, ..TERMS };
        assert_eq!(cheap.spending(Usage { input_tokens: 1, output_tokens: 0 }).micro_dollars, 1);
    }

    #[test]
    fn no_document_is_reserved_more_for_than_the_model_takes() {
        let most = |content_type, bytes| TERMS.spending_at_most(content_type, bytes).tokens;
        assert_eq!(most(ContentType::Text, 100), 100 + 4_000 + 8_000);
        assert_eq!(most(ContentType::Csv, 10_000_000), 208_000);
        assert_eq!(most(ContentType::Pdf, 1), 208_000);
        assert_eq!(most(ContentType::Png, 3_000_000), 28_000);
    }

    #[test]
    fn a_tenant_may_allow_itself_less_and_never_more() {
        let settings =
            |tokens_per_month, cents_per_month| ExtractionSettings { tokens_per_month, cents_per_month, version: 1 };
        assert_eq!(settings(None, None).cap(&TERMS), TERMS.cap);
        assert_eq!(settings(Some(7), Some(2)).cap(&TERMS), Spending { tokens: 7, micro_dollars: 20_000 });
        assert_eq!(settings(Some(u64::MAX), Some(u64::MAX)).cap(&TERMS), TERMS.cap);
    }

    #[test]
    fn room_is_what_is_left_of_the_cap() {
        let cap = Spending { tokens: 10, micro_dollars: 10 };
        let of = |tokens, micro_dollars| Spending { tokens, micro_dollars };
        assert_eq!(of(4, 10).room_under(cap), Some(of(6, 0)));
        assert_eq!(of(11, 1).room_under(cap), None);
        assert_eq!(of(1, 11).room_under(cap), None);
    }
}
