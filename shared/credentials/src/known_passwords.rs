//! Passwords that length does not help: those of breach lists, in the forms people pad them to, repetitions, and what the
//! user's own name and address give away (NIST SP 800-63B, section 3.1.1.2). The list is `breached.txt`, see BREACHED.md.

use domain::field::Invalid;
use domain::identity::Password;

/// Lower-case, sorted by bytes, one a line.
const BREACHED: &str = include_str!("breached.txt");
/// So many digits behind a known word do not make it a secret.
const DIGITS_MAX: usize = 6;
/// So many characters around one's own name do not either.
const PADDING_MAX: usize = 4;
/// Repeating no more than this is as good as typing it once.
const UNIT_LEN_MAX: usize = 4;
/// Shorter words of a name are in too many good passwords.
const WORD_LEN_MIN: usize = 3;

/// `breached_password` for a well-known one, `too_guessable` for a repetition and for little more than words of the context:
/// what the user is known by, such as address and name.
pub fn refuse_known(password: &Password, context: &[&str]) -> Result<(), Invalid> {
    let typed = password.reveal().to_lowercase();
    let plain = letters_and_digits(&typed);
    let forms = [typed.clone(), letters_and_digits(&typed.replace('@', "a").replace('$', "s")), plain.clone()];
    if forms.iter().any(|form| is_breached(form)) {
        return Err(Invalid::new("breached_password", "is known from breaches of other services: choose another one"));
    }
    if is_repetition(&typed) || is_repetition(&plain) {
        return Err(Invalid::new("too_guessable", "must be more than a few characters repeated"));
    }
    if is_made_of(plain, context) {
        return Err(Invalid::new("too_guessable", "must be more than your name or address"));
    }
    Ok(())
}

fn letters_and_digits(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The text less the digits at its end, but not too many of them.
fn without_digits(text: &str) -> &str {
    let stem = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let stem_len_min = text.len().saturating_sub(DIGITS_MAX);
    &text[..stem.len().max(stem_len_min)]
}

/// As it is, less its digits, and either of them repeated.
fn is_breached(text: &str) -> bool {
    [text, without_digits(text)].map(unit).into_iter().any(|unit| is_listed(unit) || is_listed(without_digits(unit)))
        || is_listed(text)
}

/// Binary search over the lines of the list as it lies in the binary.
fn is_listed(word: &str) -> bool {
    let mut rest = BREACHED;
    while !rest.is_empty() {
        let start =
            rest.as_bytes()[..rest.len() / 2].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let (before, from) = rest.split_at(start);
        let (line, after) = from.split_once('\n').unwrap_or((from, ""));
        match word.cmp(line) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => rest = before,
            std::cmp::Ordering::Greater => rest = after,
        }
    }
    false
}

/// The shortest text that gives this one when repeated.
fn unit(text: &str) -> &str {
    let repeats = |end: &usize| text.len().is_multiple_of(*end) && text[..*end].repeat(text.len() / end) == text;
    let ends = text.char_indices().map(|(index, _)| index).skip(1);
    ends.take_while(|end| *end <= text.len() / 2).find(repeats).map_or(text, |end| &text[..end])
}

fn is_repetition(text: &str) -> bool {
    let unit = unit(text);
    unit.len() < text.len() && unit.chars().count() <= UNIT_LEN_MAX
}

/// Whether hardly anything is left when the context's words are taken out.
fn is_made_of(plain: String, context: &[&str]) -> bool {
    let context = context.join(" ").to_lowercase();
    let mut words: Vec<&str> = context.split(|c: char| !c.is_alphanumeric()).collect();
    words.retain(|word| word.chars().count() >= WORD_LEN_MIN);
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let left = words.iter().fold(plain.clone(), |left, word| left.replace(word, ""));
    left != plain && left.chars().count() <= PADDING_MAX
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(password: &str, context: &[&str]) -> Option<&'static str> {
        let password = Password::parse(password).expect("of the right length");
        refuse_known(&password, context).err().map(|invalid| invalid.code)
    }

    #[test]
    fn the_list_is_sorted_lower_case_and_found_line_by_line() {
        let lines: Vec<&str> = BREACHED.lines().collect();
        assert!(lines.is_sorted_by(|a, b| a < b));
        assert!(lines.len() > 500);
        for line in lines {
            assert_eq!(line, line.to_lowercase());
            assert!(is_listed(line), "{line}");
            assert!(!is_listed(&format!("{line}\u{1}")), "{line}");
        }
        for stranger in ["", "\n", "a", "~~~~", "passwor"] {
            assert!(!is_listed(stranger), "{stranger:?}");
        }
    }

    #[test]
    fn well_known_passwords_are_refused_in_every_dress() {
        for password in [
            "passwordpassword",
            "123456789012",
            "1234567890123456",
            "qwertyuiop12",
            "qwertyuiop[]",
            "iloveyou1234",
            "Password1234",
            "PASSWORD-2026!",
            "P@ssw0rd2026!",
            "P@$$w0rd!!!!!",
            "p a s s w o r d 1",
            "September2026",
            "Winter2026!!!",
            "summer-summer-summer",
            "letmeinletmein1",
            "adminadminadmin",
            "changeme1234",
            "football654321",
            "administrator",
            "1qaz2wsx3edc",
            "1q2w3e4r5t6y",
            "abcdefghijkl",
            "zyxwvutsrqponm",
            "dragondragon99",
            "trustno1trustno1",
            "!@#$%^&*()_+",
        ] {
            assert_eq!(code(password, &[]), Some("breached_password"), "{password}");
        }
    }

    #[test]
    fn repetitions_are_refused() {
        for password in [
            "zzzzzzzzzzzzzz",
            "777777777777777",
            "xyxyxyxyxyxy",
            "k7k7k7k7k7k7",
            "é é é é é é é",
            "!!!!!!!!!!!!",
            "uxw9-uxw9-uxw9-",
        ] {
            assert_eq!(code(password, &[]), Some("too_guessable"), "{password}");
        }
    }

    #[test]
    fn what_the_user_is_known_by_is_no_secret() {
        let context = ["alice.verner@shop.example", "Alice Verner-Özil"];
        for password in
            ["aliceverner1", "Alice.Verner@Shop", "vernervernerverner", "verner-alice-2026", "ÖzilÖzilÖzil!"]
        {
            assert_eq!(code(password, &context), Some("too_guessable"), "{password}");
            assert_eq!(code(&format!("{password} quince kettle"), &context), None, "{password}");
        }
    }

    #[test]
    fn others_pass() {
        for password in ["quince-kettle-41-harbour", "tr0ub4dor&three", "Xk9#mQ2!Lr7z", "Xk9mQ2Lr", "éàüñøåßçœæþð"]
        {
            let password = if password.len() < 12 { password.repeat(2) } else { password.to_owned() };
            assert_eq!(code(&password, &["mo@shop.example", "Mo"]), None, "{password}");
        }
    }

    proptest! {
        #[test]
        fn no_password_or_context_is_too_strange(password in "\\PC{12,40}", context in "\\PC{0,20}") {
            let parsed = Password::parse(&password).map_err(|invalid| TestCaseError::reject(invalid.detail))?;
            if let Err(invalid) = refuse_known(&parsed, &[&context]) {
                prop_assert!(!invalid.detail.contains(&password));
            }
        }

        #[test]
        fn every_repetition_is_found(unit_text in "[a-zé]{1,4}", times in 2_usize..10) {
            prop_assert!(is_repetition(&unit_text.repeat(times)));
        }
    }
}
