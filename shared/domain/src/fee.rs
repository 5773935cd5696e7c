//! What a tenant's card payments cost the merchant: a part of what was captured and a fixed amount, kept for the operator of
//! Coffer. Whole minor units, exact. Without terms there is no fee and nothing more is booked.

use std::collections::BTreeMap;

use crate::field::Invalid;
use crate::ids::TenantId;
use crate::ledger::{AccountKind, accounts_of};
use crate::money::{Amount, Currency};
use crate::payment::Payment;
use crate::time::Timestamp;

/// One basis point is a hundredth of a per cent.
pub const BASIS_POINTS_MAX: i64 = 10_000;
const CURRENCIES_MAX: usize = 50;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FeeTerms {
    basis_points: i64,
    /// In minor units, for each currency that has one.
    fixed: BTreeMap<Currency, i64>,
}

/// A tenant's terms. They hold for what is captured from then on; what was captured keeps its fee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeeSettings {
    pub tenant: TenantId,
    pub terms: FeeTerms,
    pub updated_at: Timestamp,
}

impl FeeTerms {
    pub fn new(basis_points: i64, fixed: BTreeMap<Currency, i64>) -> Result<Self, Invalid> {
        check_basis_points(basis_points)?;
        check_fixed(&fixed)?;
        Ok(Self { basis_points, fixed })
    }

    pub fn basis_points(&self) -> i64 {
        self.basis_points
    }

    pub fn fixed(&self) -> &BTreeMap<Currency, i64> {
        &self.fixed
    }

    /// Of what was captured: its part, rounded half up to a minor unit, and the fixed amount; never more than was captured.
    /// Only what a provider takes for the merchant has a fee: what fills a wallet is its customer's money, and what comes out
    /// of one was taken before.
    pub fn fee_of(&self, payment: &Payment, captured: Amount) -> i64 {
        match accounts_of(payment).map(|account| account.kind) {
            [AccountKind::Clearing, AccountKind::Merchant] => self.fee(captured, payment.money.currency),
            _ => 0,
        }
    }

    fn fee(&self, captured: Amount, currency: Currency) -> i64 {
        let part = (i128::from(captured.get()) * i128::from(self.basis_points) + 5_000) / 10_000;
        let fixed = self.fixed.get(&currency).copied().unwrap_or(0);
        let fee = (part + i128::from(fixed)).min(i128::from(captured.get()));
        i64::try_from(fee).unwrap_or(captured.get())
    }
}

pub fn check_basis_points(basis_points: i64) -> Result<(), Invalid> {
    if (0..=BASIS_POINTS_MAX).contains(&basis_points) {
        return Ok(());
    }
    Err(Invalid::new("out_of_range", format!("must be a whole number from 0 to {BASIS_POINTS_MAX}")))
}

pub fn check_fixed(fixed: &BTreeMap<Currency, i64>) -> Result<(), Invalid> {
    if fixed.len() > CURRENCIES_MAX {
        return Err(Invalid::new("too_many_keys", format!("must have at most {CURRENCIES_MAX} currencies")));
    }
    if fixed.values().all(|amount| (0..=Amount::MAX).contains(amount)) {
        return Ok(());
    }
    Err(Invalid::new("out_of_range", format!("must be whole numbers of minor units from 0 to {}", Amount::MAX)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn eur() -> Currency {
        Currency::parse("EUR").expect("valid")
    }

    fn terms(basis_points: i64, fixed: i64) -> FeeTerms {
        FeeTerms::new(basis_points, BTreeMap::from([(eur(), fixed)])).expect("valid terms")
    }

    #[test]
    fn a_part_rounded_half_up_and_a_fixed_amount() {
        for (basis_points, fixed, captured, expected) in [
            (0, 0, 1_000, 0),
            (290, 25, 1_000, 54),
            (250, 0, 20, 1),
            (249, 0, 20, 0),
            (150, 0, 100, 2),
            (149, 0, 100, 1),
            (0, 30, 10, 10),
            (10_000, 1, 10, 10),
            (10_000, 0, Amount::MAX, Amount::MAX),
        ] {
            let fee = terms(basis_points, fixed).fee(Amount::new(captured).expect("valid"), eur());
            assert_eq!(fee, expected, "{basis_points} basis points and {fixed} of {captured}");
        }
        let dollars = Currency::parse("USD").expect("valid");
        assert_eq!(
            terms(0, 30).fee(Amount::new(100).expect("valid"), dollars),
            0,
            "the fixed amount is of its currency"
        );
    }

    #[test]
    fn terms_have_their_bounds() {
        let code = |basis_points, fixed| {
            let made = FeeTerms::new(basis_points, BTreeMap::from([(eur(), fixed)]));
            made.map(|_| ()).map_err(|invalid| invalid.code)
        };
        assert_eq!([code(-1, 0), code(10_001, 0), code(0, -1)], [Err("out_of_range"); 3]);
        assert_eq!([code(0, 0), code(10_000, Amount::MAX)], [Ok(()); 2]);
    }

    proptest! {
        #[test]
        fn a_fee_is_within_what_was_captured_and_grows_with_it(
            basis_points in 0..=BASIS_POINTS_MAX,
            fixed in 0..=Amount::MAX,
            (less, more) in (1..=Amount::MAX).prop_flat_map(|more| (1..=more, Just(more))),
        ) {
            let terms = terms(basis_points, fixed);
            let (of_less, of_more) = (terms.fee(Amount::new(less)?, eur()), terms.fee(Amount::new(more)?, eur()));
            prop_assert!((0..=less).contains(&of_less) && (0..=more).contains(&of_more));
            prop_assert!(of_less <= of_more);
        }
    }
}
