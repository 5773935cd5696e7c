//! Bytes as lower-case hexadecimal digits, two of them each.

use std::fmt;

pub struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// None for anything but the digits of so many bytes.
pub fn parse<const N: usize>(text: &str) -> Option<[u8; N]> {
    let is_hex = text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    if !is_hex || text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let bytes = [0, 1, 0x7f, 0xa0, 0xff];
        assert_eq!(Hex(&bytes).to_string(), "00017fa0ff");
        assert_eq!(parse("00017fa0ff"), Some(bytes));
        for wrong in ["00017fa0f", "00017fa0ff0", "00017fa0ff00", "00017FA0FF", "00017fa0fg", "+1017fa0ff", "ä0017fa0f"]
        {
            assert_eq!(parse::<5>(wrong), None, "{wrong}");
        }
    }
}
