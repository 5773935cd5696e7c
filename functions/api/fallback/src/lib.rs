//! Whatever no route answers: 404, or 405 with the methods that the path takes (RFC 9110, section 15.5.6).

use http_kit::serve::Served;
use http_kit::{Code, Problem, Request, routes, serve};

pub async fn answer(request: &Request) -> Served {
    serve::refused(request, problem(request))
}

fn problem(request: &Request) -> Problem {
    let methods = routes::methods_of(&request.path);
    if methods.is_empty() {
        return Problem::not_found("route");
    }
    let allow = methods.join(", ");
    Problem::new(Code::MethodNotAllowed, format!("The path takes {allow}.")).with_header("allow", allow)
}
