//! The cache behind the API, by its own protocol (RESP2): enough to look at an entry, to change it and to take it away.

use std::io::{BufRead, BufReader, Result, Write};
use std::net::TcpStream;
use std::time::Duration;

pub struct Redis {
    address: String,
}

impl Redis {
    pub fn new(url: &str) -> Self {
        Self { address: url.trim_start_matches("redis://").trim_end_matches('/').to_owned() }
    }

    pub fn is_up(&self) -> bool {
        self.call(&["PING"]).is_ok_and(|answer| answer == ["PONG"])
    }

    /// The names of entries that hold this text. The lease of who fills one has another name.
    pub fn names_with(&self, text: &str) -> Vec<String> {
        self.call(&["KEYS", &format!("*:entry:*{text}*")]).expect("Redis answers")
    }

    pub fn value(&self, name: &str) -> Option<String> {
        self.call(&["GET", name]).expect("Redis answers").pop()
    }

    pub fn set(&self, name: &str, value: &str) {
        self.call(&["SET", name, value]).expect("Redis answers");
    }

    pub fn remove(&self, name: &str) {
        self.call(&["DEL", name]).expect("Redis answers");
    }

    /// An answer's texts and numbers, nils left out.
    fn call(&self, words: &[&str]) -> Result<Vec<String>> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        let texts: String = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len())).collect();
        write!(stream, "*{}\r\n{texts}", words.len())?;
        let mut answer = Vec::new();
        read(&mut BufReader::new(stream), &mut answer)?;
        Ok(answer)
    }
}

fn read(from: &mut impl BufRead, into: &mut Vec<String>) -> Result<()> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    let (kind, rest) = line.trim_end().split_at_checked(1).ok_or_else(|| std::io::Error::other("no answer"))?;
    let count = || rest.parse::<i64>().map_err(std::io::Error::other);
    match kind {
        "*" => (0..count()?).try_for_each(|_| read(from, into)),
        "$" => {
            let Ok(length) = usize::try_from(count()?) else { return Ok(()) };
            let mut text = vec![0; length + 2];
            from.read_exact(&mut text)?;
            text.truncate(length);
            into.push(String::from_utf8_lossy(&text).into_owned());
            Ok(())
        }
        "-" => Err(std::io::Error::other(rest.to_owned())),
        _ => {
            into.push(rest.to_owned());
            Ok(())
        }
    }
}
