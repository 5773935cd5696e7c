//! What became of each item of a bulk, in the order in which they were asked for.

/// `body` is JSON already: the payment, or the problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkResult {
    pub status: u16,
    pub body: String,
}

pub fn bulk(results: &[BulkResult]) -> String {
    let result = |BulkResult { status, body }: &BulkResult| {
        let name = if *status < 400 { "payment" } else { "problem" };
        format!(r#"{{"status":{status},"{name}":{body}}}"#)
    };
    let results: Vec<String> = results.iter().map(result).collect();
    format!(r#"{{"results":[{}]}}"#, results.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_says_what_it_is() {
        let results =
            [(202, r#"{"id":1}"#), (404, "{}")].map(|(status, body)| BulkResult { status, body: body.into() });
        assert_eq!(bulk(&results), r#"{"results":[{"status":202,"payment":{"id":1}},{"status":404,"problem":{}}]}"#);
    }
}
