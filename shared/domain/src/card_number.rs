//! Card numbers do not belong here: they are found in any text a client sends, and refused. Found is what has a card
//! network's prefix and length and passes the Luhn check (ISO/IEC 7812-1), alone or in the groups that cards print. Times,
//! bar codes, telephone numbers and UUIDs are left in peace.

use std::ops::Range;

use crate::field::Invalid;

const LEN: Range<usize> = 14..20;

pub fn refuse(text: &str) -> Result<(), Invalid> {
    let runs = text.split(|c: char| !(c.is_alphanumeric() || c == ' ' || c == '-'));
    if runs.into_iter().any(holds_card_number) {
        return Err(Invalid::new("card_number", "must not contain a card number: send a token of the provider"));
    }
    Ok(())
}

/// Looks at every sequence of neighbouring words that could be one number: a single one, or groups that begin with four
/// digits, as they are embossed.
fn holds_card_number(run: &str) -> bool {
    let words: Vec<&str> = run.split([' ', '-']).filter(|word| !word.is_empty()).collect();
    (0..words.len()).any(|start| {
        let is_number = |word: &&&str| word.bytes().all(|byte| byte.is_ascii_digit());
        let numbers = words[start..].iter().take_while(is_number);
        let mut digits = Vec::new();
        numbers.enumerate().any(|(index, word)| {
            digits.extend(word.bytes().map(|byte| u32::from(byte - b'0')));
            let is_one_or_embossed = index == 0 || words[start].len() == 4;
            is_one_or_embossed && LEN.contains(&digits.len()) && is_of_a_network(&digits) && passes_luhn(&digits)
        })
    })
}

/// Which numbers the networks issue, by length: Visa, Mastercard, Maestro, American Express, Discover, Diners Club, JCB,
/// UnionPay.
fn is_of_a_network(digits: &[u32]) -> bool {
    let prefix = |len: usize| digits.iter().take(len).fold(0, |number, digit| number * 10 + digit);
    match digits.len() {
        14 => matches!(prefix(2), 36 | 38 | 39) || (300..=305).contains(&prefix(3)),
        15 => matches!(prefix(2), 34 | 37),
        16 => {
            prefix(1) == 4
                || matches!(prefix(2), 50..=58 | 62 | 63 | 65 | 67)
                || matches!(prefix(3), 644..=649)
                || matches!(prefix(4), 2_221..=2_720 | 3_528..=3_589 | 6_011)
        }
        17..=19 => prefix(1) == 4 || matches!(prefix(2), 50 | 56..=58 | 62 | 63 | 67),
        _ => false,
    }
}

fn passes_luhn(digits: &[u32]) -> bool {
    let weighed = digits.iter().rev().enumerate().map(|(index, digit)| match (index % 2, digit * 2) {
        (0, _) => *digit,
        (_, doubled) if doubled > 9 => doubled - 9,
        (_, doubled) => doubled,
    });
    weighed.sum::<u32>().is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn card_numbers_are_refused_however_they_are_grouped() {
        for number in [
            "4242424242424242",
            "4242 4242 4242 4242",
            "card: 5555-5555-5555-4444!",
            "378282246310005",
            "3782 822463 10005",
            "on 2026-11-21 with 4242 4242 4242 4242 thanks",
            "4242424242424242@customer.example",
            "30569309025904",
            "6011111111111117",
            "3530111333300000",
        ] {
            assert_eq!(refuse(number).map_err(|e| e.code), Err("card_number"), "{number}");
        }
    }

    #[test]
    fn what_only_looks_like_one_is_left_in_peace() {
        for fine in [
            "order 20261121-0001",
            "4242424242424241",
            "a time in milliseconds: 1795264870126",
            "a bar code: 4006381333931",
            "tel 0123 456 789",
            "ref4242424242424242x",
            "",
        ] {
            assert_eq!(refuse(fine), Ok(()), "{fine}");
        }
    }

    proptest! {
        #[test]
        fn no_uuid_is_one(bits: u128) {
            let hex = format!("{bits:032x}");
            let uuid = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-");
            prop_assert_eq!(refuse(&uuid), Ok(()));
        }
    }
}
