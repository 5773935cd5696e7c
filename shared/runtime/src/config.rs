//! Configuration from an injected source, all faults reported together. Values are never shown: they may be secret.

use std::fmt;
use std::str::FromStr;

/// Reads variables and remembers what was wrong with them.
pub struct Reader<'a> {
    source: &'a dyn Fn(&str) -> Option<String>,
    faults: Vec<String>,
}

#[derive(Debug)]
pub struct ConfigError(Vec<String>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "configuration: {}", self.0.join("; "))
    }
}

impl std::error::Error for ConfigError {}

/// The process's environment.
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl<'a> Reader<'a> {
    pub fn new(source: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { source, faults: Vec::new() }
    }

    pub fn text(&mut self, name: &str) -> String {
        match self.optional(name) {
            Some(value) => value,
            None => {
                self.faults.push(format!("{name} is not set"));
                String::new()
            }
        }
    }

    /// What may be left out, or empty.
    pub fn optional(&self, name: &str) -> Option<String> {
        (self.source)(name).filter(|value| !value.is_empty())
    }

    pub fn parsed<T: FromStr + Default>(&mut self, name: &str) -> T {
        let text = self.text(name);
        if text.is_empty() {
            return T::default();
        }
        text.parse().unwrap_or_else(|_| {
            self.faults.push(format!("{name} cannot be read"));
            T::default()
        })
    }

    /// One of the words that `parse` knows.
    pub fn known<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let text = self.text(name);
        let value = parse(&text);
        if value.is_none() && !text.is_empty() {
            self.faults.push(format!("{name} cannot be read"));
        }
        value
    }

    /// Everything that was wrong, or the value built from what was read.
    pub fn finish<T>(self, config: T) -> Result<T, ConfigError> {
        if self.faults.is_empty() { Ok(config) } else { Err(ConfigError(self.faults)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_faults_at_once_and_no_values() {
        let source = |name: &str| (name == "PORT").then(|| "hunter2".to_owned());
        let mut reader = Reader::new(&source);
        let config = (reader.text("TABLE"), reader.parsed::<u16>("PORT"), reader.text("HOST"));
        let error = reader.finish(config).expect_err("faulty").to_string();
        assert_eq!(error, "configuration: TABLE is not set; PORT cannot be read; HOST is not set");
    }
}
