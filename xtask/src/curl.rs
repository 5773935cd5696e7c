//! HTTPS, for the tasks that call AWS itself: through the machine's `curl`, so that no TLS is compiled into the tasks.

use crate::http::Answer;
use anyhow::{Context, Result, ensure};
use hyper::Method;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

const TIMEOUT_SECONDS: u32 = 35;

/// Headers and body go in by standard input: arguments can be read by everyone on the machine.
pub fn send(method: &Method, url: &str, headers: &[(String, String)], body: &str) -> Result<Answer> {
    let mut curl = Command::new("curl")
        .args(["--disable", "--config", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("AWS is called with the program curl, which cannot be run")?;
    let mut stdin = curl.stdin.take().context("curl takes no input")?;
    stdin.write_all(config(method, url, headers, body).as_bytes())?;
    drop(stdin);
    let output = curl.wait_with_output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    let answer = String::from_utf8(output.stdout).context("the answer is no text")?;
    let (body, status) = answer.rsplit_once('\n').context("curl told no status")?;
    Ok(Answer { status: status.parse()?, body: body.to_owned().into() })
}

/// curl(1), `--config`.
fn config(method: &Method, url: &str, headers: &[(String, String)], body: &str) -> String {
    let mut config = format!("silent\nshow-error\nproto = \"=https\"\nmax-time = {TIMEOUT_SECONDS}\n");
    let mut option = |name: &str, value: &str| {
        let _ = writeln!(config, "{name} = \"{}\"", escaped(value));
    };
    option("url", url);
    option("request", method.as_str());
    option("write-out", "\n%{http_code}");
    for (name, value) in headers {
        option("header", &format!("{name}: {value}"));
    }
    if !body.is_empty() {
        // Else curl asks whether it may send a long body, and waits.
        option("header", "Expect:");
        option("data-raw", body);
    }
    config
}

fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n").replace('\r', r"\r").replace('\t', r"\t")
}

#[cfg(test)]
mod tests {
    use super::config;
    use hyper::Method;

    #[test]
    fn quotes_and_line_ends_stay_inside_their_option() {
        let headers = [("content-type".to_owned(), "text/plain".to_owned())];
        let config = config(&Method::POST, "https://host/", &headers, "@\"a\\\nurl = b");
        assert!(config.contains("data-raw = \"@\\\"a\\\\\\nurl = b\"\n"), "{config}");
        assert!(config.contains("header = \"content-type: text/plain\"\n"), "{config}");
        assert_eq!(config.lines().filter(|line| line.starts_with("url")).count(), 1);
    }
}
